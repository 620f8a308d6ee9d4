"""Contexts and logins of a token manager that brings only the specification's three methods."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ..ground.forks import start_afresh_now_and_after_forks
from ..models import FlowState, Outcome, UserContext
from ..service import LoginService
from ..webex.oauth import WebexOAuth

#: contexts that are kept in memory, of those that were stored last
MAX_REMEMBERED = 10_000


class MinimalManager(LoginService, Protocol):
    """A token manager that keeps contexts, and starts and ends logins, in its own way."""

    def get_user_context(self, *, user_id: str) -> UserContext | None: ...

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None: ...

    def start_flow(self, *, user_id: str) -> str: ...

    def process_redirect(self, *, flow_id: str, code: str) -> str: ...


class MinimalContexts:
    """See :class:`~webex_bot_auth.logins.contexts.Contexts`.

    What :meth:`remember` is told counts for as long as the manager itself gives the same as then.

    Args:
        manager: gives the contexts, and may or may not store them
    """

    def __init__(self, manager: MinimalManager) -> None:
        self._manager = manager
        self._remembered: dict[str, tuple[UserContext | None, UserContext | None]] = {}
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._lock = threading.Lock()
        self._saving = threading.RLock()

    def remember(self, user_id: str, context: UserContext | None) -> None:
        """Give this context from now on, in the place of what the manager gives."""
        given = self._manager.get_user_context(user_id=user_id)
        with self._lock:
            self._remembered.pop(user_id, None)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[user_id] = (given, context)

    def load(self, user_id: str) -> UserContext | None:
        """The context that the manager gives, or what was remembered in its place."""
        given = self._manager.get_user_context(user_id=user_id)
        with self._lock:
            if user_id not in self._remembered:
                return given
            given_then, remembered = self._remembered[user_id]
            if _same(given_then, given):
                return remembered
            del self._remembered[user_id]  # a login or logout in the manager's own way
            return given

    def save(self, user_id: str, context: UserContext | None) -> None:
        """Let the manager store it; one that does not will have it remembered."""
        with self._saving:
            self._manager.set_user_context(user_id=user_id, user_context=context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``."""
        with self._saving:
            if not old.same_tokens(self.load(old.user_id)):
                return False
            self.save(old.user_id, new)
            return True

    @contextmanager
    def refresh_lock(self, user_id: str, timeout: float) -> Iterator[bool]:  # noqa: ARG002 (one process)
        """Nothing is known of other processes."""
        yield True

    def close(self) -> None:
        """Forget what was remembered."""
        with self._lock:
            self._remembered.clear()


def start_login(manager: MinimalManager, oauth: WebexOAuth, user_id: str) -> str:
    """Start a flow in the manager's own way; the address, without PKCE."""
    flow_id = manager.start_flow(user_id=user_id)
    manager.pending.keep(_own_id(flow_id), FlowState(user_id=user_id))  # for finish_login
    return oauth.authorization_url(state=flow_id)


def finish_login(manager: MinimalManager, *, flow_id: str, code: str, error: str) -> str:
    """End a flow in the manager's own way, and let the waiting commands run; the text for the page."""
    if error:
        return manager.chat.page(Outcome.REFUSED if error == "access_denied" else Outcome.TRY_AGAIN)
    text = manager.process_redirect(flow_id=flow_id, code=code)
    if isinstance(flow := manager.pending.take(_own_id(flow_id)), FlowState):
        manager.login.release(flow.user_id)
    return text


def _own_id(flow_id: str) -> str:
    """The manager's ids may have any form; ours may not."""
    return hashlib.sha256(flow_id.encode(errors="replace")).hexdigest()


def _same(one: UserContext | None, other: UserContext | None) -> bool:
    return other is None if one is None else one.same_tokens(other)
