"""A Webex cloud on this machine, to try and to test a bot without a Webex account.

As a program: ``python -m webex_bot_auth.sandbox``. In a test::

    with Sandbox() as cloud, cloud.clients():
        echo, alice = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        with cloud.run_bot(WebexBot(teams_bot_token=echo.token)):
            asked = cloud.say(alice, cloud.direct(alice, echo), "help")
            cloud.wait_for_message(asked.room, person=echo)
"""

from .bot_thread import BotThread
from .calls import Call, Calls
from .cards import open_url
from .errors import NoSuchMessageError, WebexError
from .faults import Fault, Faults
from .messages import AttachmentAction, Content, Message
from .oauth_settings import OAuthSettings
from .people import Person
from .rooms import Room
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
