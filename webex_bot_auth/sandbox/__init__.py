"""A Webex cloud on this machine, to try and to test a bot without a Webex account.

As a program: ``python -m webex_bot_auth.sandbox``. In a test::

    with Sandbox() as cloud, cloud.clients():
        echo, alice = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        with cloud.run_bot(WebexBot(teams_bot_token=echo.token)):
            asked = cloud.say(alice, cloud.direct(alice, echo), "help")
            cloud.wait_for_message(asked.room, person=echo)
"""

from .bot_thread import BotThread
from .http.calls import Call, Calls
from .http.faults import Fault, Faults
from .model.cards import open_url
from .model.errors import NoSuchMessageError, WebexError
from .model.messages import AttachmentAction, Content, Message
from .model.people import Person
from .model.rooms import Room
from .oauth.settings import OAuthSettings
from .sandbox import Sandbox

__all__ = [
    "AttachmentAction",
    "BotThread",
    "Call",
    "Calls",
    "Content",
    "Fault",
    "Faults",
    "Message",
    "NoSuchMessageError",
    "OAuthSettings",
    "Person",
    "Room",
    "Sandbox",
    "WebexError",
    "open_url",
]
