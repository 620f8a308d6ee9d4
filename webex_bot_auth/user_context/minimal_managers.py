"""A token manager that brings only the specification's three methods, as a store of users' records."""

from __future__ import annotations

import hashlib
import threading
from typing import Protocol

from ..logins.records import Records
from ..models import UserContext
from ..stores import Record
from ..webex.oauth import WebexOAuth

#: contexts that are kept in memory, of those that were stored last
MAX_REMEMBERED = 10_000


class MinimalManager(Protocol):
    """A token manager that keeps contexts, and starts logins, in its own way."""

    def get_user_context(self, *, user_id: str) -> UserContext | None: ...

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None: ...

    def start_flow(self, *, user_id: str) -> str: ...


class MinimalUsers:
    """See :class:`~webex_bot_auth.stores.UserStore`; the manager may or may not store what it is given.

    What :meth:`remember` is told counts for as long as the manager itself gives the same as then.

    Args:
        manager: gives the contexts
        oauth: where people log in
    """

    def __init__(self, manager: MinimalManager, oauth: WebexOAuth) -> None:
        self._manager = manager
        self._oauth = oauth
        self._records = Records()
        self._lock = threading.RLock()
        self._remembered: dict[str, tuple[Record | None, Record | None]] = {}

    def __str__(self) -> str:
        return type(self._manager).__name__

    def remember(self, user_id: str, context: UserContext | None) -> None:
        """Give this context from now on, in the place of what the manager gives."""
        with self._lock:
            self._remembered.pop(user_id, None)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[user_id] = (self._given(user_id), self._text(context))

    def read(self, user_id: str) -> Record | None:
        given = self._given(user_id)
        given_then, remembered = self._remembered.get(user_id, (None, given))
        if user_id in self._remembered and given_then != given:
            self._remembered.pop(user_id, None)  # a login or logout in the manager's own way
            return given
        return remembered

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        with self._lock:
            if self.read(user_id) != old:
                return False
            context = new and self._records.load(UserContext, new, bound_to="", place=str(self))
            self._manager.set_user_context(user_id=user_id, user_context=context or None)
            return True

    def users(self) -> list[str]:
        return []

    def close(self) -> None:
        self._remembered.clear()

    def _given(self, user_id: str) -> Record | None:
        return self._text(self._manager.get_user_context(user_id=user_id))

    def _text(self, context: UserContext | None) -> str | None:
        return None if context is None else self._records.dump(context, bound_to="")

    # -- logins, which the manager names as it likes

    def start(self, user_id: str) -> tuple[str, str]:
        """Start a login in the manager's own way, without PKCE; an id of our form, and the address."""
        flow_id = self._manager.start_flow(user_id=user_id)
        return own_id(flow_id), self._oauth.authorization_url(state=flow_id)


def own_id(flow_id: str) -> str:
    """Return an id of our form for a login of the manager's, whose ids may have any form."""
    return hashlib.sha256(flow_id.encode(errors="replace")).hexdigest()
