"""Call control by chat: dial a number, answer the phone and hang up, as the person who writes.

python examples/call_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/call_bot.py                the real one, with the settings of docs/start/webex-account.md

People need a Webex Calling license. The sandbox has no telephony: ``phone`` says what it answers.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration
from wxc_sdk.telephony.calls import CallState, Personality, TelephonyCall

from webex_bot_auth import UserTokenMixin, YAMLTokenManager, requires_user_token
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import trial

#: all that a login may ask for: they are checked in the integration at developer.webex.com
SCOPES = "spark:people_read spark:calls_read spark:calls_write"
#: of commands that look for a call first
READ_AND_WRITE = ["spark:calls_read", "spark:calls_write"]
STEPS = (
    "Type   dial +12125550100, and log in with the card that you get",
    "Type   answer, and then hang up",
)


def rings(call: TelephonyCall) -> bool:
    """True for a call that has come in and waits to be answered."""
    return call.state == CallState.alerting and call.personality == Personality.terminator


def other_end(call: TelephonyCall) -> str:
    """Name or number of the other person; Webex leaves out what is private."""
    return call.remote_party.name or call.remote_party.number or "unknown"


class Dial(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="dial", help_message="Call a number: dial +12125550100", **kwargs)

    @requires_user_token(scopes=["spark:calls_write"], reason="to place calls")
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        number = message.strip()
        if not number:
            return "Please say whom to call, for example: dial +12125550100"
        self.user_api.telephony.calls.dial(destination=number)
        return f"Your phone rings. Pick it up, and it calls {number}."


class Answer(UserTokenMixin, Command):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="answer", help_message="Answer my phone", **kwargs)

    @requires_user_token(scopes=READ_AND_WRITE, reason="to answer calls")
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        calls = self.user_api.telephony.calls
        for call in filter(rings, calls.list_calls()):
            calls.answer(call_id=str(call.call_id))
            return f"You talk to {other_end(call)}."
        return "Nobody calls you at the moment."


class HangUp(UserTokenMixin, Command):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="hang up", help_message="Hang up", **kwargs)

    @requires_user_token(scopes=READ_AND_WRITE, reason="to end calls")
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        calls = self.user_api.telephony.calls
        ended = [call for call in calls.list_calls() if not rings(call)]  # hanging up would reject it
        for call in ended:
            calls.hangup(call_id=str(call.call_id))
        return f"Ended: {', '.join(map(other_end, ended))}." if ended else "There is no call to end."


def setting(name: str) -> str:
    return os.environ.get(name) or sys.exit(f"{name} is not set. Without an account: --sandbox")


def main() -> None:
    bot_token = setting("WEBEX_BOT_TOKEN")
    integration = Integration(
        client_id=setting("WEBEX_CLIENT_ID"),
        client_secret=setting("WEBEX_CLIENT_SECRET"),
        scopes=SCOPES,
        redirect_url=setting("WEBEX_REDIRECT_URL"),
    )
    first = ["spark:people_read"]  # a login asks for no more than the command needs
    with YAMLTokenManager(bot_token, integration, yml_base="call_bot", login_scopes=first) as tokens:
        app = Flask(__name__)
        tokens.register_redirect(flask=app)  # GET /redirect, where logins come back to
        # a web server for trials; production/web.py is for others
        server = make_server("127.0.0.1", int(os.environ.get("PORT", "8911")), app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bot = WebexBot(teams_bot_token=bot_token, bot_name="Call Bot")
        for command in (Dial, Answer, HangUp):
            bot.add_command(command(token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
        tokens.run_bot(bot=bot)  # until Ctrl+C


@contextmanager
def phone(sandbox: Sandbox) -> Iterator[None]:
    """Give everybody in the sandbox the same phone: a call from Bob rings, one to Carol is connected."""
    common = {"callSessionId": "session", "created": "2025-01-01T12:00:00.000Z"}
    bob, carol = ({"remoteParty": {"name": name, "number": "2001"}} for name in ("Bob Brown", "Carol"))
    ringing = {"id": "in", "personality": "terminator", "state": "alerting"}
    connected = {"id": "out", "personality": "originator", "state": "connected"}
    path = "/v1/telephony/calls"
    with (
        sandbox.answer(path, json={"items": [common | ringing | bob, common | connected | carol]}),
        sandbox.answer(f"{path}/dial", method="POST", json={"callId": "new", "callSessionId": "s"}),
        sandbox.answer(f"{path}/answer", method="POST", status=204),
        sandbox.answer(f"{path}/hangup", method="POST", status=204),
    ):
        yield


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with trial("Call Bot", SCOPES, STEPS, sys.argv) as sandbox, phone(sandbox):
            main()
    else:
        main()
