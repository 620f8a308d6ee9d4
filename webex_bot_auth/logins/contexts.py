"""Users' contexts on a store of text: loaded, saved, replaced, encrypted again.

Tokens belong to the integration (client id) that they were given to: another one cannot refresh them, and the
user has not allowed it to use them. Bots with one integration share a user's record. The first integration
that a user logs in to has the record under the user's id; any other one has its own beside it, under a key
that no id can have. A record that names no integration was written by an older version, and is everybody's.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from ..errors import StoreError, StoreUnavailable, StoreUnreadable
from ..models import RotationReport, UserContext, reference
from ..stores import Record, UserStore
from .records import Parsed, Records, parsed

log = logging.getLogger(__name__)

#: stands for the client id of an administrator who does not know it: all records are read then
ANY_INTEGRATION = "-"
#: contexts that are kept in memory, of those that were used last
CACHED_CONTEXTS = 256
#: users of whom it is remembered under which key their records are
REMEMBERED_KEYS = 10_000
#: tries to replace a record that others write at the same time
MAX_SWAPS = 10

INTEGRATION, OTHERS = "integration", "others"
SECOND_KEY = re.compile(r"integration ([0-9a-f]{8}): (.*)", re.DOTALL)


class Contexts:
    """Contexts in a store, which is read each time: other processes write it, too.

    Args:
        users: where the text is kept
        records: how a context is written as text
        client_id: whose records

    Attributes:
        store: where the text is kept
    """

    def __init__(self, users: UserStore, records: Records, client_id: str = ANY_INTEGRATION) -> None:
        self.store = users
        self._records = records
        self._integration = None if client_id == ANY_INTEGRATION else reference(client_id)
        self._is_second: dict[str, bool] = {}  # under which key a user's record was found last
        # what is read is most often what was read before: it need not be decrypted and parsed again
        self._parsed = lru_cache(maxsize=CACHED_CONTEXTS)(self._parse)

    def load(self, user_id: str) -> UserContext | None:
        """Return a user's context as it is stored now; the caller's own copy.

        Raises:
            StoreError: the store cannot be reached, or the record cannot be read
        """
        found = self._find(user_id)
        return None if found is None else found[2].copied()

    def save(self, user_id: str, context: UserContext | None) -> None:
        """Store a user's context, or delete it (None), also where what is there cannot be read.

        Raises:
            ValueError: the context is another user's, or the id is not one
            StoreError: nothing was changed
        """
        if context is not None and context.user_id != user_id:
            raise ValueError("user_context belongs to another user_id")
        first, *second = self._keys(user_id)
        if context is None:
            self._is_second.pop(user_id, None)
            self._parsed.cache_clear()  # tokens that are not needed any more are not kept in memory
            trouble, keys = None, [first, *second]
            for key in keys:
                try:
                    self._write(key, user_id, None)
                    if key == first and not second:
                        keys += self._second_keys(user_id)
                except StoreError as error:  # the other one may be on another node, and goes in any case
                    trouble = error
            if trouble is not None:
                raise trouble
            return
        is_second = bool(second) and (
            self.store.read(second[0]) is not None or self._is_of_another(self._read(first))
        )
        self._write(second[0] if is_second else first, user_id, context)
        if is_second:
            self._write(first, user_id, None)  # of two records of one integration, one stays
        self._remember(user_id, is_second)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or delete a context, but only where the tokens are still those of ``old``.

        Returns:
            whether it was done
        """
        user_id = old.user_id
        for _ in range(MAX_SWAPS):
            found = self._find(user_id)
            if found is None or not old.same_tokens(found[2]):
                return False
            key, record, _ = found
            # False: written in between; the tokens may still be the same, encrypted with another key
            if self.store.swap(key, record, None if new is None else self._dump(new)):
                if new is None:
                    self._parsed.cache_clear()
                return True
        raise StoreUnavailable(self._place(user_id), "changes all the time")

    def users(self) -> Iterator[str]:
        """Return the ids of the users who have a record, each once, if only of another integration."""
        seen = set()
        for key in self.store.users():
            second = SECOND_KEY.fullmatch(key)
            user_id = second[2] if second else key
            if user_id not in seen:
                seen.add(user_id)
                yield user_id

    def rotate(self) -> RotationReport:
        """Encrypt all contexts with the newest key, while others read and write.

        Raises:
            StoreError: the store cannot be read or written
        """
        changed, unreadable = 0, []
        keys = list(dict.fromkeys(self.store.users()))
        for key in keys:
            try:
                if (record := self.store.read(key)) is not None and (split := self._split(key, record)):
                    keys += split  # have been rotated by nobody yet
                changed += self._rotate(key)
            except StoreUnreadable as error:
                unreadable.append(error.place)
        return RotationReport(changed=changed, unreadable=unreadable)

    def close(self) -> None:
        """Free connections and files."""
        self._parsed.cache_clear()
        self.store.close()

    # -- which record is a user's

    def _keys(self, user_id: str) -> list[str]:
        """Return where a user's record may be: under the id, and under a key of our integration's own."""
        if SECOND_KEY.fullmatch(user_id):
            raise ValueError("this is no user id, but the key of a record of another integration")
        return [user_id, *([f"integration {self._integration}: {user_id}"] if self._integration else [])]

    def _second_keys(self, user_id: str) -> list[str]:
        """Where other integrations have records of a user, for an administrator who knows none of them."""
        seconds = map(SECOND_KEY.fullmatch, self.store.users())
        return [second[0] for second in seconds if second and second[2] == user_id]

    def _find(self, user_id: str) -> tuple[str, Record, UserContext] | None:
        """Find the record of our integration: where it was found last, and else under both keys.

        Where that is not known, the second key wins.
        """
        keys = self._keys(user_id)
        if self._is_second.get(user_id, True):
            keys.reverse()
        for position, key in enumerate(keys):
            record = self.store.read(key)
            if record is not None and self._split(key, record):
                return self._find(user_id)
            context = None if record is None else self._parsed(user_id, key, record)
            if record is not None and context is not None:
                if position or user_id not in self._is_second:
                    self._remember(user_id, key != user_id)
                return key, record, context
            if self._integration is None and not position:
                keys += self._second_keys(user_id)
        return None

    def _read(self, key: str) -> Record | None:
        """Read a record that is about to be replaced; parts of other integrations are in it no longer."""
        record = self.store.read(key)
        if record is not None:
            with suppress(StoreUnreadable):  # it goes as a whole
                record = self.store.read(key) if self._split(key, record) else record
        return record

    def _remember(self, user_id: str, is_second: bool) -> None:
        if len(self._is_second) >= REMEMBERED_KEYS:
            self._is_second.clear()  # each is looked for under both keys once more
        self._is_second[user_id] = is_second

    def _is_of_another(self, record: Record | None) -> bool:
        """Tell whether a record is another integration's; one that cannot be read is not."""
        try:
            return record is not None and self._is_others(parsed(record, ""))
        except StoreUnreadable:
            return False

    def _is_others(self, plain: Parsed) -> bool:
        return plain.get(INTEGRATION, self._integration) != self._integration is not None

    def _split(self, key: str, record: Record) -> list[str]:
        """Give the parts of other integrations, which older versions kept in one record, keys of their own.

        Returns:
            these keys
        """
        if f'"{OTHERS}":'.encode() not in (record if isinstance(record, bytes) else record.encode()):
            return []  # nearly always, and without parsing
        whole = parsed(record, self._place(key))
        others = whole.pop(OTHERS, None)
        if not isinstance(others, dict):
            return []
        seconds = {f"integration {name}: {key}": as_text(part, name) for name, part in others.items()}
        for second, part in seconds.items():
            self.store.swap(second, None, part)
        self.store.swap(key, record, as_text(whole, None))
        return list(seconds)

    # -- what is in it

    def _write(self, key: str, user_id: str, context: UserContext | None) -> None:
        """Store or delete what is ours under a key, whatever it is."""
        new = None if context is None else self._dump(context)
        for _ in range(MAX_SWAPS):
            record = self._read(key)
            is_anothers = key == user_id and self._is_of_another(record)
            if record == new or is_anothers or self.store.swap(key, record, new):
                return
        raise StoreUnavailable(self._place(user_id), "changes all the time")

    def _dump(self, context: UserContext) -> str:
        binding = bound_to(context.user_id, self._integration)
        return as_text(parsed(self._records.dump(context, bound_to=binding), ""), self._integration)

    def _parse(self, user_id: str, key: str, record: Record) -> UserContext | None:
        place = self._place(key)
        plain = parsed(record, place)
        if self._is_others(plain):
            return None
        binding = bound_to(user_id, plain.get(INTEGRATION))
        context = self._records.load(UserContext, plain, bound_to=binding, place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _rotate(self, key: str) -> bool:
        record, second = self.store.read(key), SECOND_KEY.fullmatch(key)
        if record is None:
            return False
        user_id = second[2] if second else key
        plain = parsed(record, self._place(key))
        integration = plain.get(INTEGRATION)
        owner = integration or self._integration
        if self._integration not in (None, owner):
            return False
        rotated = self._records.rotated(
            UserContext,
            plain,
            bound_to=bound_to(user_id, integration),
            rebind_to=bound_to(user_id, owner),
            place=self._place(key),
        )
        # where another process has written in between, it has used the newest key already
        return rotated is not None and self.store.swap(key, record, as_text(rotated, owner))

    def _place(self, key: str) -> str:
        return f"{self.store}, user {key}"


def as_text(plain: Parsed, integration: str | None) -> str:
    named = plain if integration is None else {INTEGRATION: integration, **plain}
    return json.dumps(named, separators=(",", ":"), ensure_ascii=False)


def bound_to(user_id: str, integration: str | None) -> str:
    return f"integration:{integration}:user:{user_id}" if integration else f"user:{user_id}"
