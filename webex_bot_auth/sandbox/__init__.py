"""A Webex cloud on this machine, to try and to test a bot without a Webex account.

As a program: ``python -m webex_bot_auth.sandbox``. In a test::

    with Sandbox() as cloud, cloud.clients():
        echo, alice = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        with cloud.run_bot(WebexBot(teams_bot_token=echo.token)):
            asked = cloud.say(alice, cloud.direct(alice, echo), "help")
            cloud.wait_for_message(asked.room, person=echo)
"""

from .bot_thread import BotThread
from .content.cards import open_url
from .http.calls import Call, Calls
from .http.faults import Fault, Faults
from .model.errors import NoSuchMessageError, WebexError
from .model.messages import AttachmentAction, Content, File, Message
from .model.people import Person
from .model.rooms import Room
from .notifications.delivery import Delivery, WebhookSettings
from .oauth.settings import OAuthSettings
from .rest.custom_answers import Answer
from .sandbox import Sandbox

__all__ = [
    "Answer",
    "AttachmentAction",
    "BotThread",
    "Call",
    "Calls",
    "Content",
    "Delivery",
    "Fault",
    "Faults",
    "File",
    "Message",
    "NoSuchMessageError",
    "OAuthSettings",
    "Person",
    "Room",
    "Sandbox",
    "WebexError",
    "WebhookSettings",
    "open_url",
]
