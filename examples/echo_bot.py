"""A bot that echoes what you say, with your name: it asks Webex who you are, with your own token.

python examples/echo_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/echo_bot.py                the real one; the settings are those of examples/starter.py

Ctrl+C ends it.
"""

from __future__ import annotations

import os
from typing import Any

from starter import Example, Settings, start
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import (
    RedisTokenManager,
    TokenManager,
    UserTokenMixin,
    WhoamiCommand,
    YAMLTokenManager,
    requires_user_token,
)


class Echo(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo my words, with my name", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        me = self.user_api.people.me()  # called with the token of the person who typed this
        return f"{me.display_name} says: {message.strip()}"


def make_manager(settings: Settings) -> TokenManager:
    """A token manager with Redis if ``REDIS_URL`` is set, else with a file."""
    if redis_url := os.environ.get("REDIS_URL"):
        return RedisTokenManager(settings.bot_token, settings.integration, redis_url=redis_url)
    return YAMLTokenManager(settings.bot_token, settings.integration, yml_base=settings.file)


def make_bot(settings: Settings, tokens: TokenManager) -> WebexBot:
    """The bot with all its commands."""
    tokens.register_redirect(flask=settings.app)  # GET /redirect, as the integration's address says
    bot = WebexBot(teams_bot_token=settings.bot_token, bot_name="Echo Bot", log_level=settings.log_level)
    bot.add_command(Echo(token_manager=tokens))
    bot.add_command(WhoamiCommand(token_manager=tokens))
    tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
    return bot


STEPS = ("Type   echo hello", "Press  the button of the card that you get, and approve")
EXAMPLE = Example("Echo Bot", "spark:people_read", make_manager, make_bot, STEPS)

if __name__ == "__main__":
    start(EXAMPLE)
