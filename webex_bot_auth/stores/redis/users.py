"""Users' records in Redis, and the index of those who have one."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from ...errors import StoreUnavailable
from ..protocols import Record
from . import scripts
from .errors import ERRORS, as_text, translate_redis_errors, unavailable
from .pipeline import Command, answers, raise_errors

log = logging.getLogger(__name__)

#: a refresh lock whose holder died expires then; longer than a refresh can take; seconds
LOCK_SECONDS = 30.0


class RedisUserStore:
    """See :class:`~webex_bot_auth.stores.UserStore`.

    Args:
        client: a redis-py client
        record_prefix: key of a user's record, without the user's id: the manager's ``USER_KEY_PREFIX``
        lock_prefix: key of a user's refresh lock, without the user's id
        user_set: key of the set of ids of users who have a record
    """

    def __init__(self, client: Redis, *, record_prefix: str, lock_prefix: str, user_set: str) -> None:
        self._redis = client
        self._record_prefix = record_prefix
        self._lock_prefix = lock_prefix
        self._user_set = user_set

    def __str__(self) -> str:
        return f"Redis keys {self._record_prefix}*"

    def read(self, user_id: str) -> Record | None:
        """A user's record, in one round trip."""
        key = self._record_prefix + user_id
        try:  # what translate_redis_errors() does, without its cost on the hot path
            record: Record | None = self._redis.get(key)
        except ERRORS as error:
            raise unavailable(key, error) from error
        return record

    def write(self, user_id: str, record: str | None) -> None:
        """Store or delete a user's record."""
        key = self._record_prefix + user_id
        self._store(user_id, record, lambda it: it.set(key, record) if record else it.delete(key))

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record where it is still ``old``, whatever other processes write."""
        key = self._record_prefix + user_id
        done = bool(self._store(user_id, new, lambda it: it.eval(scripts.SWAP, 1, key, old or "", new or "")))
        if old and new and not done:  # perhaps it was deleted: then the user is listed no more
            self._store(user_id, None, lambda it: it.exists(key))
        return done

    def _store(self, user_id: str, record: str | None, command: Command) -> Any:
        """Write a user's record and the index, in one round trip (but for a cluster).

        Args:
            user_id: whose
            record: the new record, or None
            command: writes the record

        Returns:
            the answer to the command
        """
        with translate_redis_errors(self._record_prefix + user_id):
            stored, *listed = answers(
                self._redis, command, *([self._list(user_id)] if record else self._unlist(user_id))
            )
            raise_errors(stored)
        self._repair_index(user_id, listed)
        return stored

    def users(self) -> Iterator[str]:
        """Ids of the users who have a record; one may come twice.

        Earlier installations listed keys (``user-<id>``) instead of ids, which is repaired.
        """
        cursor = 0
        while True:
            with translate_redis_errors(self._user_set):
                cursor, found = self._redis.sscan(self._user_set, cursor, count=500)
            for entry in map(as_text, found):
                yield self._repaired(entry) if entry.startswith(self._record_prefix) else entry
            if not int(cursor):
                return

    @contextmanager
    def refresh_lock(self, user_id: str, timeout: float) -> Iterator[bool]:
        """A lock in Redis; it expires if its holder dies."""
        key = self._lock_prefix + user_id
        token = secrets.token_hex(16)
        lock = self._redis.lock(key, timeout=LOCK_SECONDS, sleep=0.05, blocking_timeout=timeout)
        with translate_redis_errors(key):
            held = lock.acquire(token=token)
        try:
            yield held
        finally:
            if held:
                self._unlock(key, token)

    def close(self) -> None:
        """The client's owner closes it."""

    def _unlock(self, key: str, token: str) -> None:
        """A lock that expired, or a server that went away, is as good as released.

        Not by the lock's own method: that needs all primaries of a cluster, which is one too many in a
        failover.
        """
        try:
            with translate_redis_errors(key):
                self._redis.eval(scripts.UNLOCK, 1, key, token)
        except StoreUnavailable as error:
            log.info("refresh lock left to expire: %s", error)

    def _list(self, user_id: str) -> Command:
        return lambda it: it.sadd(self._user_set, user_id)

    def _unlist(self, user_id: str) -> list[Command]:
        """Delete a user's entries, and look who has a record, for :meth:`_repair_index`."""
        one, other = self._entries(user_id)
        return [
            lambda it: it.srem(self._user_set, one, other),
            lambda it: it.exists(self._record_prefix + one),
            lambda it: it.exists(self._record_prefix + other),
        ]

    def _entries(self, user_id: str) -> tuple[str, str]:
        """The id, and the key, which earlier installations listed. The key may be another user's id."""
        return user_id, self._record_prefix + user_id

    def _repaired(self, entry: str) -> str:
        """The id that an entry stands for: it is a key that was listed, or an id that looks like one."""
        user_id = entry.removeprefix(self._record_prefix)
        with translate_redis_errors(self._user_set):
            _, _, is_id = listed = answers(self._redis, *self._unlist(user_id))
            raise_errors(*listed[1:])
        self._repair_index(user_id, listed)
        return entry if is_id else user_id

    def _repair_index(self, user_id: str, listed: list[Any]) -> None:
        """List again whom the answers to :meth:`_unlist` show to have a record, as far as possible.

        Args:
            user_id: whose entries were written
            listed: the answers
        """
        try:
            with translate_redis_errors(self._user_set):
                raise_errors(*listed)
                for entry, has_record in zip(self._entries(user_id), listed[1:], strict=False):
                    if has_record:  # logged in while the entry was deleted
                        self._list(entry)(self._redis)
        except StoreUnavailable as error:  # such as another node of a cluster, in a failover
            log.warning("stored, but the user index is not up to date: user %s: %s", user_id, error)
