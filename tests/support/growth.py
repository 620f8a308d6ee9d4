"""What people leave in the memory of a process who come once, and never again."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.commands.events import Events
from webex_bot_auth.errors import StoreUnavailable, TokenServiceUnavailable, WebexBotAuthError
from webex_bot_auth.ground.clock import utc_now
from webex_bot_auth.ground.queues import Queues
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins import desk
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.desk import Flow, WaitingCommand
from webex_bot_auth.logins.desks import TIDY, Desks
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.refresh import Refresher
from webex_bot_auth.signals import Announcer
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.stores.memory import MemoryFlowStore

from .minimal_manager import MinimalTokenManager

#: lets one person come, with a number that nobody had before
Visit = Callable[[int], None]

INTEGRATION = Integration(
    client_id="id", client_secret="secret", scopes="scope", redirect_url="https://bot.example.com/redirect"
)


class BottomlessStore:
    """Has a record of everybody, with an expired token, and keeps nothing: what grows is not the store."""

    def __init__(self, seconds: float = -1) -> None:
        self._tokens = _tokens(seconds).model_dump_json()
        self.refuses = False

    def read(self, user_id: str) -> str | None:
        return f'{{"user_id": "{user_id}", "tokens": {self._tokens}}}'

    def swap(self, user_id: str, old: Any, new: str | None) -> bool:
        if self.refuses:
            raise StoreUnavailable("store", "is read-only")
        return True

    def users(self) -> list[str]:
        return []

    def close(self) -> None: ...


def _user(number: int) -> str:
    """An id as long as Webex's. (pydantic keeps some thousands of shorter texts for itself.)"""
    return f"user {number:074}"


def _tokens(seconds: float) -> Tokens:
    expiry = utc_now() + timedelta(seconds=seconds)
    return Tokens(access_token="a" * 100, refresh_token="r" * 100, expires_at=expiry)


def asks_and_never_logs_in() -> Visit:
    flows, records, messages = MemoryFlowStore(), Records(), Queues("messages")
    desks = Desks(flows, records, "00000000", "0000")
    events = Events(flows, records, desks, None, messages, Turn())  # type: ignore[arg-type]  # nobody is told anything

    def visit(number: int) -> None:
        user_id, event_id, message_id = _user(number), f"event {number}", f"message {number}"
        assert events.is_new(event_id)
        assert events.claim(event_id, user_id)
        command = WaitingCommand(
            user_id=user_id, kind="message", id="m", display_name="x", activity={"a": "b" * 300}
        )
        flow = Flow(id=desks.new_flow_id(), verifier="v" * 43)
        desks.index(flow.id, user_id, 600)
        desks.change(user_id, partial(desk.ask, flow=flow, command=command, seconds=0.0))
        desks.change(user_id, partial(desk.show, flow_id=flow.id, message_id=message_id, seconds=0.0))
        events.end(event_id, user_id)
        # ten minutes later
        later = {"looked": math.inf, "deleted": frozenset([message_id])}
        desks.change(user_id, partial(desk.tidied, **later))
        due = flows.due([TIDY], 30, 0)
        while due:
            flows.done(due)
            due = flows.due([TIDY], 30, 0)

    return visit


def refreshes(*, service: bool = True, store: bool = True) -> Visit:
    """Each has an expired token: the service, or then the store, fails or not."""
    users = BottomlessStore()
    users.refuses = not store

    def new_tokens(_: Tokens) -> Tokens:
        if not service:
            raise TokenServiceUnavailable(status=503)
        return _tokens(3600)

    refresher = Refresher(Contexts(users, Records()), Leases(MemoryFlowStore()), new_tokens, Announcer(None))

    def visit(number: int) -> None:
        with suppress(WebexBotAuthError):
            refresher.usable(_user(number))

    return visit


def logs_in_and_out(manager: TokenManager | None = None) -> Visit:
    """With a manager that brings only the specification's three methods."""
    manager = manager or MinimalTokenManager("token", INTEGRATION)

    def visit(number: int) -> None:
        user_id = _user(number)
        manager.set_user_context(
            user_id=user_id, user_context=UserContext(user_id=user_id, tokens=_tokens(3600))
        )
        assert manager.get_user_context_and_refresh(user_id=user_id)
        if number % 2:
            manager.set_user_context(user_id=user_id)

    return visit


VISITS: dict[str, Callable[[], Visit]] = {
    "asks and never logs in": asks_and_never_logs_in,
    "refreshes": refreshes,
    "the token service fails": lambda: refreshes(service=False),
    "the store fails": lambda: refreshes(store=False),
    "logs in and out": logs_in_and_out,
}


def bytes_held(visit: Visit, people: range) -> int:
    """How much more memory is in use after these people have come; to be called while it is traced."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for number in people:
        visit(number)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before
