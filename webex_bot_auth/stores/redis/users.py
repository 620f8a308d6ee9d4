"""Users' records in Redis, and the index of those who have one."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from redis import Redis

from ...errors import StoreUnavailable
from ..protocols import Record
from . import scripts
from .errors import ERRORS, as_text, translate_redis_errors, unavailable

log = logging.getLogger(__name__)


class RedisUserStore:
    """See :class:`~webex_bot_auth.stores.UserStore`.

    Args:
        client: a redis-py client
        record_prefix: key of a user's record, without the user's id: the manager's ``USER_KEY_PREFIX``
        user_set: key of the set of ids of users who have a record
    """

    def __init__(self, client: Redis, *, record_prefix: str, user_set: str) -> None:
        self._redis = client
        self._record_prefix = record_prefix
        self._user_set = user_set

    def __str__(self) -> str:
        return f"Redis keys {self._record_prefix}*"

    def read(self, user_id: str) -> Record | None:
        """Return a user's record, in one round trip."""
        key = self._record_prefix + user_id
        try:  # what translate_redis_errors() does, without its cost on the hot path
            record: Record | None = self._redis.get(key)
        except ERRORS as error:
            raise unavailable(key, error) from error
        return record

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record where it is still ``old``, and keep the index.

        The set is on another node of a cluster, so this takes several steps. A user is listed before the
        record is stored, and once more after it, as a logout at the same moment may have taken the entry
        away: each user with a record is listed, whenever a process dies.
        """
        key = self._record_prefix + user_id
        is_login, is_logout = new is not None and old is None, new is None
        if is_login:
            with translate_redis_errors(self._user_set):
                self._redis.sadd(self._user_set, user_id)
        with translate_redis_errors(key):
            done = bool(self._redis.eval(scripts.SWAP, 1, key, old or "", new or "", 0))
        try:
            with translate_redis_errors(self._user_set):
                if is_login and done:
                    self._redis.sadd(self._user_set, user_id)
                elif is_login or (is_logout and done):
                    self._unlist(user_id)
        except StoreUnavailable as error:  # such as another node of a cluster, in a failover
            log.warning("stored, but the user index is not up to date: user %s: %s", user_id, error)
        return done

    def users(self) -> Iterator[str]:
        """Return the ids of the users who have a record; one may come twice.

        Older versions listed keys (``user-<id>``) instead of ids, which is repaired.
        """
        cursor = 0
        while True:
            with translate_redis_errors(self._user_set):
                cursor, found = self._redis.sscan(self._user_set, cursor, count=500)
            for entry in map(as_text, found):
                user_id = entry.removeprefix(self._record_prefix)
                if user_id == entry:
                    yield entry
                    continue
                with translate_redis_errors(self._user_set):
                    # it may be a key, an id that looks like one, or both
                    is_key, is_id = (
                        self._redis.exists(self._record_prefix + each) for each in (user_id, entry)
                    )
                    if is_key:
                        self._redis.sadd(self._user_set, user_id)
                    if not is_id:
                        self._redis.srem(self._user_set, entry)
                if is_key:
                    yield user_id
                if is_id:
                    yield entry
            if not int(cursor):
                return

    def close(self) -> None:
        """The client's owner closes it."""

    def _unlist(self, user_id: str) -> None:
        """Take a user's entries out of the set: the id, and the key, which older versions listed.

        The key may be another user's id, and the user may log in meanwhile: who has a record is listed again.
        """
        for entry in (user_id, self._record_prefix + user_id):
            if self._redis.srem(self._user_set, entry) and self._redis.exists(self._record_prefix + entry):
                self._redis.sadd(self._user_set, entry)
