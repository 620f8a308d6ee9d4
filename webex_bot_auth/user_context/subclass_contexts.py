"""Contexts of a token manager that brings only the specification's three methods."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ..models import UserContext

#: contexts that are kept in memory, of those that were stored last
MAX_REMEMBERED = 10_000


class KeepsContexts(Protocol):
    """A token manager that keeps contexts itself, in its own way."""

    def get_user_context(self, *, user_id: str) -> UserContext | None: ...

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None: ...


class SubclassContexts:
    """See :class:`~webex_bot_auth.logins.contexts.Contexts`.

    What :meth:`remember` is told counts for as long as the manager itself gives the same as then.

    Args:
        manager: gives the contexts, and may or may not store them
    """

    def __init__(self, manager: KeepsContexts) -> None:
        self._manager = manager
        self._lock = threading.Lock()
        self._replacing = threading.Lock()
        self._remembered: dict[str, tuple[UserContext | None, UserContext | None]] = {}

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
        self._manager.set_user_context(user_id=user_id, user_context=context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``."""
        with self._replacing:
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


def _same(one: UserContext | None, other: UserContext | None) -> bool:
    return other is None if one is None else one.same_tokens(other)
