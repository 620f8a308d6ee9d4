"""Users' contexts on a store of text: loaded, saved, replaced, encrypted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Protocol

from ..errors import StoreUnavailable, StoreUnreadable
from ..models import RotationReport, UserContext
from ..stores import BatchStore, Record, UserStore
from .records import Records

#: contexts that are kept in memory, of those that were used last
CACHED_CONTEXTS = 256
#: tries to replace a record that others write at the same time
MAX_SWAPS = 10


class Contexts(Protocol):
    """What a login and a refresh need of the place where contexts are kept."""

    def load(self, user_id: str) -> UserContext | None:
        """A user's context as it stands now; the caller's own copy."""

    def save(self, user_id: str, context: UserContext | None) -> None:
        """Store a user's context, or delete it (None)."""

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``."""

    def refresh_lock(self, user_id: str, timeout: float) -> AbstractContextManager[bool]:
        """See :meth:`webex_bot_auth.stores.UserStore.refresh_lock`."""

    def close(self) -> None:
        """Free connections and files."""


class StoredContexts:
    """Contexts in a store, which is read each time: other processes write it, too.

    Args:
        users: where the text is kept
        records: how a context is written as text
    """

    def __init__(self, users: UserStore, records: Records) -> None:
        self._users = users
        self._records = records
        # what is read is most often what was read before: it need not be decrypted and parsed again
        self._parsed = lru_cache(maxsize=CACHED_CONTEXTS)(self._parse)

    def load(self, user_id: str) -> UserContext | None:
        """A user's context as it is stored now; the caller's own copy.

        Raises:
            StoreError: the store cannot be reached, or the record cannot be read
        """
        record = self._users.read(user_id)
        return None if record is None else self._parsed(user_id, record).copied()

    def save(self, user_id: str, context: UserContext | None) -> None:
        """Store a user's context, or delete it (None).

        Raises:
            ValueError: the context is another user's
            StoreError: nothing was changed
        """
        if context is not None and context.user_id != user_id:
            raise ValueError("user_context belongs to another user_id")
        self._users.write(user_id, self._dump(context))
        self._forget_parsed(context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``.

        Returns:
            whether it was done
        """
        for _ in range(MAX_SWAPS):
            record = self._users.read(old.user_id)
            if record is None or not old.same_tokens(self._parsed(old.user_id, record)):
                return False
            # False: written in between; the tokens may still be the same, encrypted with another key
            if self._users.swap(old.user_id, record, self._dump(new)):
                self._forget_parsed(new)
                return True
        raise StoreUnavailable(self._place(old.user_id), "changes all the time")

    def refresh_lock(self, user_id: str, timeout: float) -> AbstractContextManager[bool]:
        """See :meth:`webex_bot_auth.stores.UserStore.refresh_lock`."""
        return self._users.refresh_lock(user_id, timeout)

    def users(self) -> Iterator[str]:
        """Ids of the users who are logged in."""
        yield from dict.fromkeys(self._users.users())

    def rotate(self) -> RotationReport:
        """Encrypt all contexts with the newest key, while others read and write.

        Raises:
            StoreError: the store cannot be read or written
        """
        changed, unreadable = 0, []
        with self._users.batch() if isinstance(self._users, BatchStore) else nullcontext():
            for user_id in list(self.users()):
                try:
                    changed += self._rotate(user_id)
                except StoreUnreadable as error:
                    unreadable.append(error.place)
        return RotationReport(changed=changed, unreadable=unreadable)

    def close(self) -> None:
        """Free connections and files."""
        self._parsed.cache_clear()
        self._users.close()

    def _rotate(self, user_id: str) -> bool:
        record = self._users.read(user_id)
        if record is None:
            return False
        rotated = self._records.rotated(
            UserContext, record, bound_to=_bound_to(user_id), place=self._place(user_id)
        )
        # where another process has written in between, it has used the newest key already
        return rotated is not None and self._users.swap(user_id, record, rotated)

    def _parse(self, user_id: str, record: Record) -> UserContext:
        place = self._place(user_id)
        context = self._records.load(UserContext, record, bound_to=_bound_to(user_id), place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _dump(self, context: UserContext | None) -> str | None:
        if context is None:
            return None
        return self._records.dump(context, bound_to=_bound_to(context.user_id))

    def _forget_parsed(self, stored: UserContext | None) -> None:
        if stored is None:  # tokens that are not needed any more are not kept in memory
            self._parsed.cache_clear()

    def _place(self, user_id: str) -> str:
        return f"{self._users}, user {user_id}"


def _bound_to(user_id: str) -> str:
    return f"user:{user_id}"
