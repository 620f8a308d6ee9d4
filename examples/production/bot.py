"""The bot, in a process of its own. Of several, on any machines, one is connected."""

from __future__ import annotations

import logging
from typing import Any

import settings
from tokens import token_manager
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import TokenManager, UserTokenMixin, WhoamiCommand, requires_user_token


class Echo(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo my words, with my name", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        me = self.user_api.people.me()  # called with the token of the person who typed this
        return f"{me.display_name} says: {message.strip()}"


def make_bot(manager: TokenManager) -> WebexBot:
    """The bot with all its commands."""
    logging.getLogger("webex_bot").setLevel(logging.WARNING)  # at INFO, it logs what people write
    bot = WebexBot(
        settings.get("WEBEX_BOT_TOKEN"),
        bot_name="Echo Bot",
        approved_domains=settings.several("WEBEX_APPROVED_DOMAINS"),
    )
    bot.add_command(Echo(token_manager=manager))
    bot.add_command(WhoamiCommand(token_manager=manager))
    manager.register_bot(bot=bot)  # login, logout, and resuming commands after a login
    return bot


if __name__ == "__main__":
    settings.check()
    with token_manager() as tokens:
        tokens.run_bot(bot=make_bot(tokens))  # connected, or standing by for another process
