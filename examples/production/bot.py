"""The bot, in a process of its own; SIGTERM stops it as soon as running commands have answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any

import settings
from tokens import token_manager
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import TokenManager, UserTokenMixin, WhoamiCommand, requires_user_token


class Echo(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Answers ``echo hello`` with "Alice Adams says: hello"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo my words, with my name", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        me = self.user_api.people.me()  # uses the token of the person who wrote the message
        return f"{me.display_name} says: {message.strip()}"


def make_bot(manager: TokenManager) -> WebexBot:
    """Return the bot with its commands."""
    logging.getLogger("webex_bot").setLevel(logging.WARNING)  # at level INFO, it logs what people write
    bot = WebexBot(
        settings.get("WEBEX_BOT_TOKEN"),
        bot_name="Echo Bot",
        approved_domains=settings.get_list("WEBEX_APPROVED_DOMAINS"),
    )
    bot.add_command(Echo(token_manager=manager))
    bot.add_command(WhoamiCommand(token_manager=manager))
    manager.register_bot(bot=bot)  # login, logout, and resuming commands after a login
    return bot


def run(bot: WebexBot) -> None:
    """Run the bot until SIGTERM or Ctrl+C; webex_bot's ``run`` alone does not stop cleanly."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # webex_bot takes the loop of the thread
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, cancel_tasks, loop)
    with contextlib.suppress(asyncio.CancelledError):
        bot.run()
    loop.run_until_complete(loop.shutdown_default_executor())  # waits for running commands
    loop.close()


def cancel_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Close the bot's connection by cancelling what runs in the loop."""
    for task in asyncio.all_tasks(loop):
        task.cancel()


if __name__ == "__main__":
    settings.check()
    with token_manager() as tokens:
        run(make_bot(tokens))
