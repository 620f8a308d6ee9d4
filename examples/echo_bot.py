"""A bot that echoes what you say, with your name: it asks Webex who you are, with your own token.

python examples/echo_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/echo_bot.py                the real one, with the settings of docs/start/webex-account.md
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext
from typing import Any

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import UserTokenMixin, WhoamiCommand, YAMLTokenManager, requires_user_token
from webex_bot_auth.testing import trial
from webex_bot_auth.user_context import RedisTokenManager, TokenManager

SCOPES = "spark:people_read"
STEPS = ("Type   echo hello", "Press  the button of the card that you get, and approve")


class Echo(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo my words, with my name", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        me = self.user_api.people.me()  # called with the token of the person who typed this
        return f"{me.display_name} says: {message.strip()}"


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
    if redis_url := os.environ.get("REDIS_URL"):
        tokens: TokenManager = RedisTokenManager(bot_token, integration, redis_url=redis_url)
    else:  # a file, for one process
        tokens = YAMLTokenManager(bot_token, integration, yml_base="echo_bot")
    with tokens:
        app = Flask(__name__)
        tokens.register_redirect(flask=app)  # GET /redirect, where logins come back to
        server = make_server("127.0.0.1", int(os.environ.get("PORT", "8911")), app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()  # for trials
        bot = WebexBot(teams_bot_token=bot_token, bot_name="Echo Bot")
        bot.add_command(Echo(token_manager=tokens))
        bot.add_command(WhoamiCommand(token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
        tokens.run_bot(bot=bot)  # until Ctrl+C


if __name__ == "__main__":
    with trial("Echo Bot", SCOPES, STEPS, sys.argv) if "--sandbox" in sys.argv else nullcontext():
        main()
