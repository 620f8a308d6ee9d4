"""What :meth:`TokenManager.set_user_context` remembers for a subclass that does not store it itself."""

from __future__ import annotations

import threading

from .models import UserContext

Stored = UserContext | None


class Overlay:
    """Contexts laid over what a subclass reads, each for as long as the subclass reads the same as before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over: dict[str, tuple[Stored, Stored]] = {}

    def put(self, user_id: str, *, stored: Stored, current: Stored) -> None:
        with self._lock:
            self._over[user_id] = (stored, current)

    def over(self, user_id: str, stored: Stored) -> Stored:
        """The current context, where ``stored`` is what the subclass has just read."""
        with self._lock:
            if user_id not in self._over:
                return stored
            stored_then, current = self._over[user_id]
            if _same(stored_then, stored):
                return current
            del self._over[user_id]  # a login or logout on the subclass's own ways
            return stored


def _same(one: Stored, other: Stored) -> bool:
    return other is None if one is None else one.same_login(other)
