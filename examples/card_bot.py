"""A card whose submit acts for the person who presses its button, with a permission that only this needs.

python examples/card_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/card_bot.py                the real one, with the settings of docs/start/webex-account.md

Everybody sees the card without a login. ``whoami`` asks for spark:people_read alone; the permission to create
spaces is asked for at the first submit, which runs by itself after that login.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext
from typing import Any

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.models.response import Response, response_from_adaptive_card
from webex_bot.webex_bot import WebexBot
from webexpythonsdk.models.cards import AdaptiveCard, Text, TextBlock
from webexpythonsdk.models.cards.actions import Submit
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import UserTokenMixin, WhoamiCommand, YAMLTokenManager, requires_user_token
from webex_bot_auth.testing import trial

#: all that a login may ask for: they are checked in the integration at developer.webex.com
SCOPES = "spark:people_read spark:rooms_write"
SUBMITTED = "create_space"
STEPS = (
    "Type   whoami, and log in: the consent page asks for no more than who you are",
    "Type   new space, enter a title, and press Create it",
    "Press  the button of the login card that you get, and approve",
)


class NewSpace(Command):  # type: ignore[misc]  # webex_bot has no types
    """Shows the card; as it does nothing for anybody, it has no guard."""

    def __init__(self) -> None:
        super().__init__(command_keyword="new space", help_message="Create a space")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Response:
        card = AdaptiveCard(
            body=[TextBlock("A new space"), Text(id="title", placeholder="Title", maxLength=100)],
            actions=[Submit(title="Create it", data={"callback_keyword": SUBMITTED})],
        )
        return response_from_adaptive_card(card)


class CreateSpace(UserTokenMixin, Command):  # type: ignore[misc]
    """Runs when the card is submitted. In a group, that need not be the person who asked for the card."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(card_callback_keyword=SUBMITTED, **kwargs)

    @requires_user_token(scopes=["spark:rooms_write"], reason="to create spaces")
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        title = attachment_actions.inputs["title"].strip()
        if not title:
            return "Please enter a title, and press the button again."
        space = self.user_api.rooms.create(title=title)  # by the person who has pressed the button
        return f"Done: “{space.title}” is yours."


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
    first = ["spark:people_read"]  # a login asks for no more than is needed at that moment
    with YAMLTokenManager(bot_token, integration, yml_base="card_bot", login_scopes=first) as tokens:
        app = Flask(__name__)
        tokens.register_redirect(flask=app)  # GET /redirect, where logins come back to
        # a web server for trials; production/web.py is for others
        server = make_server("127.0.0.1", int(os.environ.get("PORT", "8911")), app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bot = WebexBot(teams_bot_token=bot_token, bot_name="Card Bot")
        bot.add_command(NewSpace())
        bot.add_command(CreateSpace(token_manager=tokens))
        bot.add_command(WhoamiCommand(token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming submits after a login
        tokens.run_bot(bot=bot)  # until Ctrl+C


if __name__ == "__main__":
    with trial("Card Bot", SCOPES, STEPS, sys.argv) if "--sandbox" in sys.argv else nullcontext():
        main()
