"""What people leave in the memory of a process who come once, and never again."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.errors import StoreUnavailable, TokenServiceUnavailable, WebexBotAuthError
from webex_bot_auth.ground.clock import utc_now
from webex_bot_auth.logins.contexts import StoredContexts
from webex_bot_auth.logins.pending import Pending
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.refresh import Refresher
from webex_bot_auth.models import FlowState, WaitingCommand
from webex_bot_auth.signals import Announcer
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

    def write(self, user_id: str, record: str | None) -> None: ...

    def swap(self, user_id: str, old: Any, new: str | None) -> bool:
        if self.refuses:
            raise StoreUnavailable("store", "is read-only")
        return True

    def users(self) -> list[str]:
        return []

    @contextmanager
    def refresh_lock(self, user_id: str, timeout: float) -> Iterator[bool]:
        yield True

    def close(self) -> None: ...


def _user(number: int) -> str:
    """An id as long as Webex's. (pydantic keeps some thousands of shorter texts for itself.)"""
    return f"user {number:074}"


def _tokens(seconds: float) -> Tokens:
    expiry = utc_now() + timedelta(seconds=seconds)
    return Tokens(access_token="a" * 100, refresh_token="r" * 100, expires_at=expiry)


def asks_and_never_logs_in() -> Visit:
    pending = Pending(MemoryFlowStore(), Records(), timedelta(minutes=10), "00000000")

    def visit(number: int) -> None:
        user_id = _user(number)
        pending.claim_event(f"event {number}")
        pending.count_card(user_id)
        pending.add_command(
            WaitingCommand(
                user_id=user_id, kind="message", id="m", display_name="x", activity={"a": "b" * 300}
            )
        )
        pending.start(FlowState(user_id=user_id, verifier="v" * 43))
        pending.end_all(user_id)
        flow_id = pending.start(FlowState(user_id=user_id, verifier="v" * 43))
        pending.poll_later(flow_id, 300)
        pending.show_card(user_id, f"message {number}")

    return visit


def refreshes(*, service: bool = True, store: bool = True) -> Visit:
    """Each has an expired token: the service, or then the store, fails or not."""
    users = BottomlessStore()
    users.refuses = not store

    def new_tokens(_: Tokens) -> Tokens:
        if not service:
            raise TokenServiceUnavailable(status=503)
        return _tokens(3600)

    refresher = Refresher(StoredContexts(users, Records(), "client"), new_tokens, Announcer(None))

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


def locks() -> int:
    """How many locks by key there are."""
    gc.collect()
    return sum(type(one).__module__ == "webex_bot_auth.ground.keyed_locks" for one in gc.get_objects())


def bytes_held(visit: Visit, people: range) -> int:
    """How much more memory is in use after these people have come; to be called while it is traced."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for number in people:
        visit(number)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before
