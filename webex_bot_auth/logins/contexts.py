"""Users' contexts on a store of text: loaded, saved, replaced, encrypted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Protocol

from ..errors import StoreUnavailable, StoreUnreadable
from ..models import RotationReport, UserContext
from ..stores import BatchStore, Record, UserStore
from .integration_parts import ANY_INTEGRATION, part_for, parts_of, reference_to, with_part
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
        client_id: whose part of the records, see :mod:`webex_bot_auth.logins.integration_parts`
    """

    def __init__(self, users: UserStore, records: Records, client_id: str = ANY_INTEGRATION) -> None:
        self._users = users
        self._records = records
        self._integration = reference_to(client_id)
        # what is read is most often what was read before: it need not be decrypted and parsed again
        self._parsed = lru_cache(maxsize=CACHED_CONTEXTS)(self._parse)

    def load(self, user_id: str) -> UserContext | None:
        """A user's context as it is stored now; the caller's own copy.

        Raises:
            StoreError: the store cannot be reached, or the record cannot be read
        """
        record = self._users.read(user_id)
        context = None if record is None else self._parsed(user_id, record)
        return None if context is None else context.copied()

    def save(self, user_id: str, context: UserContext | None) -> None:
        """Store a user's context, or delete it (None).

        Raises:
            ValueError: the context is another user's
            StoreError: nothing was changed
        """
        if context is not None and context.user_id != user_id:
            raise ValueError("user_context belongs to another user_id")
        part = self._dump(context)
        if part is None or not self._users.swap(user_id, None, with_part(None, self._integration, part)):
            self._change_part(user_id, part)  # there is a record already
        self._forget_parsed(context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``.

        Returns:
            whether it was done
        """
        if not self._change_part(old.user_id, self._dump(new), old):
            return False
        self._forget_parsed(new)
        return True

    def _change_part(self, user_id: str, part: str | None, old: UserContext | None = None) -> bool:
        """Replace our part of a record; with ``old``, only where the tokens are still those."""
        for _ in range(MAX_SWAPS):
            record = self._users.read(user_id)
            if old and (record is None or not old.same_tokens(self._parsed(user_id, record))):
                return False
            new = with_part(record, self._integration, part)
            # False: written in between; the tokens may still be the same, encrypted with another key
            if record == new or self._users.swap(user_id, record, new):
                return True
        raise StoreUnavailable(self._place(user_id), "changes all the time")

    def refresh_lock(self, user_id: str, timeout: float) -> AbstractContextManager[bool]:
        """See :meth:`webex_bot_auth.stores.UserStore.refresh_lock`."""
        return self._users.refresh_lock(user_id, timeout)

    def users(self) -> Iterator[str]:
        """Ids of the users who have a record: those who are logged in, if only to another integration."""
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
        try:
            parts = parts_of(record)
        except (ValueError, RecursionError):
            raise StoreUnreadable(self._place(user_id), "not JSON") from None
        new: Record | None = record
        for integration, part in parts:
            if self._integration in (None, integration) or integration is None:
                new = self._rotate_part(user_id, new, integration, part)
        # where another process has written in between, it has used the newest key already
        return new != record and self._users.swap(user_id, record, str(new))

    def _rotate_part(
        self, user_id: str, record: Record | None, integration: str | None, part: Record
    ) -> Record | None:
        """The record, with this part encrypted with the newest key for its integration."""
        owner = integration or self._integration
        rotated = self._records.rotated(
            UserContext,
            part,
            bound_to=_bound_to(user_id, integration),
            rebind_to=_bound_to(user_id, owner),
            place=self._place(user_id),
        )
        return record if rotated is None else with_part(record, owner, rotated)

    def _parse(self, user_id: str, record: Record) -> UserContext | None:
        place = self._place(user_id)
        try:
            part = part_for(record, self._integration)
        except (ValueError, RecursionError):
            raise StoreUnreadable(place, "not JSON") from None
        if part is None:
            return None
        bound_to = _bound_to(user_id, part.integration)
        context = self._records.load(UserContext, part.text, bound_to=bound_to, place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _dump(self, context: UserContext | None) -> str | None:
        if context is None:
            return None
        return self._records.dump(context, bound_to=_bound_to(context.user_id, self._integration))

    def _forget_parsed(self, stored: UserContext | None) -> None:
        if stored is None:  # tokens that are not needed any more are not kept in memory
            self._parsed.cache_clear()

    def _place(self, user_id: str) -> str:
        return f"{self._users}, user {user_id}"


def _bound_to(user_id: str, integration: str | None) -> str:
    return f"integration:{integration}:user:{user_id}" if integration else f"user:{user_id}"
