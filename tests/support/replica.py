"""Processes that run the same bot over one store, with ``run_bot``; this file is their program, too.

Their bot has the commands ``whoami``, behind the guard, and ``hold``, which says in Redis that it has begun,
and then waits there for ``go``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import redis
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, SQLTokenManager, WhoamiCommand
from webex_bot_auth.commands import events, resumer
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.sandbox.clients import point_clients_at
from webex_bot_auth.stores import agenda

from .production import Program

#: lists in Redis
BEGUN, GO = "test-begun", "test-go"


class Hold(Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, client: redis.Redis) -> None:
        super().__init__(command_keyword="hold", help_message="Wait")
        self._client = client

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        self._client.rpush(BEGUN, os.getpid())
        self._client.blpop([GO], 120)
        return f"held by {os.getpid()}"


def replica(
    sandbox: Sandbox, token: str, integration: Integration, redis_url: str, take_over_after: float,
    sql_url: str = "",
) -> Program:  # fmt: skip
    """Start a process; with the URL of a database, that is its store."""
    settings = {
        "SANDBOX_URL": sandbox.url,
        "REDIS_URL": redis_url,
        "SQL_URL": sql_url,
        "BOT_TOKEN": token,
        "CLIENT_ID": integration.client_id,
        "CLIENT_SECRET": integration.client_secret,
        "SCOPES": " ".join(integration.scopes),
        "REDIRECT_URL": integration.redirect_url,
        "TAKE_OVER_AFTER": str(take_over_after),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    return Program([sys.executable, "-m", "support.replica"], settings, Path.cwd())


def main() -> None:
    """Run the bot."""
    # so that a test need not wait for half a minute until a command counts as interrupted
    agenda.LEASE_SECONDS = events.LEASE_SECONDS = resumer.LEASE_SECONDS = 3.0
    point_clients_at(os.environ["SANDBOX_URL"], report=False)
    integration = Integration(
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        scopes=os.environ["SCOPES"],
        redirect_url=os.environ["REDIRECT_URL"],
    )
    token, sql_url = os.environ["BOT_TOKEN"], os.environ["SQL_URL"]
    with (
        SQLTokenManager(token, integration, sql_url)
        if sql_url
        else RedisTokenManager(token, integration, redis_url=os.environ["REDIS_URL"])
    ) as manager:
        bot = WebexBot(token)
        bot.add_command(WhoamiCommand(token_manager=manager))
        bot.add_command(Hold(redis.Redis.from_url(os.environ["REDIS_URL"])))
        manager.register_bot(bot=bot)
        manager.run_bot(bot=bot, take_over_after=float(os.environ["TAKE_OVER_AFTER"]))


if __name__ == "__main__":
    main()
