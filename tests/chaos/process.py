"""What a process of the bot runs, and one that serves redirects.

Everything is as in production but for the times: waits and leases are a fifth to a tenth of the usual, so
that what a kill leaves behind is dealt with in seconds. Each sentence for people begins with its name in
brackets, so that the checker need not know the wording.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, Texts, UserTokenMixin, WhoamiCommand, requires_user_token
from webex_bot_auth.chat.texts import PageText
from webex_bot_auth.commands import events, handling, resumer
from webex_bot_auth.logins import desk, desks, ending
from webex_bot_auth.sandbox.clients import point_clients_at
from webex_bot_auth.stores import agenda, leases
from webex_bot_auth.stores.redis import client
from webex_bot_auth.webex import rest, token_endpoint

#: how long a login may take; seconds
LOGIN_SECONDS = 10.0
#: how long a slow command takes; seconds
SLOW_SECONDS = 1.0
COMMANDS = 80  # of each kind: more than any person sends


def shorten_times() -> None:
    for module in (agenda, leases, events, resumer):
        module.LEASE_SECONDS = 5.0
    desk.END_SECONDS = ending.END_SECONDS = 6.0
    desk.TIDY_SECONDS, desks.RUN_SECONDS, desk.RELEASED_SECONDS = 2.0, 3.0, 120.0
    handling.LOOK_UP_SECONDS = resumer.LOOK_UP_SECONDS = 5.0
    ending.WAIT_SECONDS = 5.0
    client.CONNECT_SECONDS, client.ANSWER_SECONDS = 0.8, 1.0
    token_endpoint.READ_SECONDS, token_endpoint.TOTAL_SECONDS = 2.0, 3.0
    rest.OWN = replace(rest.OWN, read_seconds=2.0, total_seconds=3.0)
    rest.OF_BOTS = replace(rest.OF_BOTS, read_seconds=2.0, total_seconds=3.0)


def named_texts() -> Texts:
    """The usual sentences, each behind its name."""
    parts = ("lang", "dir", "company", "logo", "this_bot", "until")
    named: dict[str, Any] = {}
    for field in fields(Texts):
        if isinstance(field.default, PageText):
            named[field.name] = replace(field.default, title=f"[{field.name}] {field.default.title}")
        elif field.name not in parts:
            named[field.name] = f"[{field.name}] {field.default}"
    return Texts(**named)


@dataclass(frozen=True)
class Settings:
    """What a process has to know: where Webex, Redis and the record of commands are, and who it is."""

    sandbox: str
    bot_token: str
    client_id: str
    client_secret: str
    redirect_url: str
    redis_url: str
    runs: str


def note(runs: str, **facts: Any) -> None:
    """Append a line to the record of commands that were run; it is there also if the next step is a kill."""
    line = json.dumps({"time": time.time(), **facts}) + "\n"
    record = os.open(runs, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(record, line.encode())
    finally:
        os.close(record)


class Plain(Command):  # type: ignore[misc]  # webex_bot has no types
    """Does what the message says: is slow, fails, or answers too much."""

    kind = "u"

    def __init__(self, number: int, runs: str, **options: Any) -> None:
        self.runs = runs
        self.label = f"{self.kind}{number:03}"
        super().__init__(command_keyword=self.label, help_message=self.label, **options)

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        word, person = message.strip(), activity["actor"]["emailAddress"]
        note(self.runs, person=person, label=self.label, message=attachment_actions.id)
        self.call(person)
        if word == "slow":
            time.sleep(SLOW_SECONDS)  # it is what the command does: there is nothing to wait for
        if word == "fail":
            raise RuntimeError("the message wants it")
        if word == "pieces":
            return self.pieces(person)
        return f"[answer] {self.label} " + ("x" * 12_000 if word == "much" else "")

    def pieces(self, person: str) -> Iterator[str]:
        yield f"[answer] {self.label} one"
        self.call(person)
        yield f"[answer] {self.label} two"

    def call(self, person: str) -> None:
        """Call Webex in the name of the person."""


class Guarded(UserTokenMixin, Plain):  # type: ignore[misc]
    """The same, with the person's token."""

    kind = "m"

    @requires_user_token(scopes=["spark:people_read"])
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        return super().execute(message, attachment_actions, activity)

    def call(self, person: str) -> None:
        # the sandbox notes whose token this is, and the email address says whose it has to be
        list(self.user_api.people.list(email=f"chaos-{person}"))


def run_bot(settings: Settings, log: Path) -> None:
    manager = _begin(settings, log)
    asyncio.set_event_loop(asyncio.new_event_loop())
    bot = WebexBot(settings.bot_token, bot_name="Chaos Bot")
    logging.getLogger("webex_bot").setLevel(logging.WARNING)  # at INFO, it logs what people write
    for number in range(COMMANDS):
        bot.add_command(Plain(number, settings.runs))
        bot.add_command(Guarded(number, settings.runs, token_manager=manager))
    bot.add_command(WhoamiCommand(token_manager=manager))
    manager.register_bot(bot=bot)
    bot.run()


def serve_redirects(settings: Settings, listener: socket.socket, log: Path) -> None:
    manager, app = _begin(settings, log), Flask(__name__)
    manager.register_redirect(flask=app)
    host, port = listener.getsockname()
    make_server(host, port, app, threaded=True, fd=listener.fileno()).serve_forever()


def _begin(settings: Settings, log: Path) -> RedisTokenManager:
    """Write to the log, shorten times, and make the token manager."""
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(written, stream.fileno())
    logging.basicConfig(level=logging.INFO, format="%(created).3f %(levelname)s %(name)s: %(message)s")
    logging.getLogger("wxc_sdk").setLevel(logging.WARNING)
    shorten_times()
    point_clients_at(settings.sandbox, report=False)
    integration = Integration(
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes="spark:people_read",
        redirect_url=settings.redirect_url,
        auth_service=f"{settings.sandbox}/v1/authorize",
        token_service=f"{settings.sandbox}/v1/access_token",
    )
    return RedisTokenManager(
        settings.bot_token, integration,
        redis_url=settings.redis_url, flow_lifetime=timedelta(seconds=LOGIN_SECONDS), texts=named_texts(),
    )  # fmt: skip
