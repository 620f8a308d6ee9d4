"""Users' contexts on a store of text: loaded, saved, replaced, encrypted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Protocol

from ..errors import StoreUnavailable, StoreUnreadable
from ..models import RotationReport, UserContext
from ..stores import BatchStore, Record, UserStore
from .integration_parts import ANY_INTEGRATION, Parts, joined, parts_of, reference_to
from .records import Parsed, Records, parsed

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
        # most often there is no record yet
        if context is None or not self._users.swap(user_id, None, joined(self._part_of(context))):
            self._change_part(user_id, context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``.

        Returns:
            whether it was done
        """
        return self._change_part(old.user_id, new, old)

    def _change_part(self, user_id: str, context: UserContext | None, old: UserContext | None = None) -> bool:
        """Replace our part of a record; with ``old``, only where the tokens are still those."""
        part = self._part_of(context)
        for _ in range(MAX_SWAPS):
            record = self._users.read(user_id)
            if old and (record is None or not old.same_tokens(self._parsed(user_id, record))):
                return False
            new = joined(self._parts_of_others(user_id, record) | part)
            # False: written in between; the tokens may still be the same, encrypted with another key
            if record == new or self._users.swap(user_id, record, new):
                if context is None:  # tokens that are not needed any more are not kept in memory
                    self._parsed.cache_clear()
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
        parts = self._parts(user_id, record)
        rotated = dict(self._rotated(user_id, *part) for part in parts.items())
        # where another process has written in between, it has used the newest key already
        return rotated != parts and self._users.swap(user_id, record, joined(rotated))

    def _rotated(self, user_id: str, integration: str | None, part: Parsed) -> tuple[str | None, Parsed]:
        """A part of ours, encrypted with the newest key for its integration."""
        owner = integration or self._integration
        if self._integration not in (None, owner):
            return integration, part
        rotated = self._records.rotated(
            UserContext,
            part,
            bound_to=_bound_to(user_id, integration),
            rebind_to=_bound_to(user_id, owner),
            place=self._place(user_id),
        )
        return (integration, part) if rotated is None else (owner, rotated)

    def _parse(self, user_id: str, record: Record) -> UserContext | None:
        parts = self._parts(user_id, record)
        first = next(iter(parts))
        integration = first if self._integration is None or first is None else self._integration
        if integration not in parts:
            return None
        place, bound_to = self._place(user_id), _bound_to(user_id, integration)
        context = self._records.load(UserContext, parts[integration], bound_to=bound_to, place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _parts(self, user_id: str, record: Record) -> Parts:
        return parts_of(parsed(record, self._place(user_id)))

    def _parts_of_others(self, user_id: str, record: Record | None) -> Parts:
        """Parts that stay when ours is written; none of a record that cannot be read."""
        if record is None or self._integration is None:
            return {}
        try:
            parts = self._parts(user_id, record)
        except StoreUnreadable:
            return {}
        return {name: part for name, part in parts.items() if name not in (None, self._integration)}

    def _part_of(self, context: UserContext | None) -> Parts:
        if context is None:
            return {}
        bound_to = _bound_to(context.user_id, self._integration)
        record = self._records.dump(context, bound_to=bound_to)
        return {self._integration: parsed(record, self._place(context.user_id))}

    def _place(self, user_id: str) -> str:
        return f"{self._users}, user {user_id}"


def _bound_to(user_id: str, integration: str | None) -> str:
    return f"integration:{integration}:user:{user_id}" if integration else f"user:{user_id}"
