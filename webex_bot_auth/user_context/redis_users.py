"""Users' contexts in Redis, and the list of those who have one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from redis import Redis

from ..errors import StoreUnavailable, StoreUnreadable
from .models import Renewal, UserContext
from .records import Records
from .redis_client import ERRORS, answering, answers, check, text, unavailable

log = logging.getLogger(__name__)

#: records whose contexts are kept in memory, of those that were used last
CONTEXTS = 256

# replaces a record only where it is still the one that was read
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1
"""


class RedisUsers:
    """Users' contexts.

    :param key_prefix: put before a user's id
    :param user_set: key of the set of ids of users who have a context
    """

    def __init__(self, client: Redis, records: Records, *, key_prefix: str, user_set: str) -> None:
        self._redis = client
        self._records = records
        self._key_prefix = key_prefix
        self._user_set = user_set
        # what is read is most often what was read before: it need not be decrypted and parsed once more
        self._parsed = lru_cache(maxsize=CONTEXTS)(self._parse)

    def load(self, user_id: str) -> UserContext | None:
        """One round trip."""
        key = self._key(user_id)
        try:  # what answering() does, in the way of every command
            raw = self._redis.get(key)
        except ERRORS as error:
            raise unavailable(key, error) from error
        return None if raw is None else self._parsed(user_id, raw).copied()

    def save(self, context: UserContext) -> None:
        key, record = self._key(context.user_id), self._dump(context)
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(key, record)
            pipe.sadd(self._user_set, context.user_id)
            saved, listed = answers(pipe)
            check(saved)
        with self._list_may_lag(context.user_id):
            check(listed)

    def drop(self, user_id: str) -> None:
        key = self._key(user_id)
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(key)
            self._take_off(pipe, user_id)
            dropped, *taken_off = answers(pipe)
            check(dropped)
        self._parsed.cache_clear()  # tokens that are not needed any more are not kept here
        with self._list_may_lag(user_id):
            self._put_back(user_id, *taken_off)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop a context, but only where ``old`` still stands, whoever writes beside us."""
        user_id, key = old.user_id, self._key(old.user_id)
        with answering(key):
            raw = self._redis.get(key)
            if raw is None or not old.same_login(self._parsed(user_id, raw)):
                return False
            record = "" if new is None else self._dump(new)
            if not self._redis.eval(_REPLACE, 1, key, raw, record):
                return False
        with self._list_may_lag(user_id):
            if new is not None:
                self._redis.sadd(self._user_set, user_id)  # where the login itself could not
                return True
            self._parsed.cache_clear()
            with self._redis.pipeline(transaction=False) as pipe:
                self._take_off(pipe, user_id)
                self._put_back(user_id, *answers(pipe))
        return True

    def ids(self) -> Iterator[str]:
        """Ids of the users who have a context; one may come twice."""
        cursor = 0
        while True:
            with answering(self._user_set):
                cursor, found = self._redis.sscan(self._user_set, cursor, count=500)
            yield from map(text, found)
            if not int(cursor):
                return

    def renew(self) -> Renewal:
        """Encrypt all contexts with the newest key, one after the other, while others read and write."""
        changed, unreadable = 0, []
        for user_id in set(self.ids()):
            try:
                changed += self._renew(user_id)
            except StoreUnreadable as error:
                unreadable.append(error.place)
        return Renewal(changed=changed, unreadable=unreadable)

    def _renew(self, user_id: str) -> bool:
        key = self._key(user_id)
        with answering(key):
            raw = self._redis.get(key)
            if raw is None:
                return False
            record = self._records.renewed(
                UserContext, raw, bound_to=f"user:{user_id}", place=f"Redis key {key}"
            )
            # where somebody else has written meanwhile, it is written anew already
            return record is not None and bool(self._redis.eval(_REPLACE, 1, key, raw, record))

    def _take_off(self, pipe: Any, user_id: str) -> None:
        pipe.srem(self._user_set, user_id)
        pipe.exists(self._key(user_id))

    def _put_back(self, user_id: str, taken_off: Any, is_there: Any) -> None:
        """Who has logged in while we took him or her off the list belongs there."""
        check(taken_off, is_there)
        if is_there:
            self._redis.sadd(self._user_set, user_id)

    @contextmanager
    def _list_may_lag(self, user_id: str) -> Iterator[None]:
        """A login or logout that is done does not fail for the sake of the list; a refresh sees to it."""
        try:
            with answering(self._user_set):
                yield
        except StoreUnavailable as error:  # such as another node of a cluster, in a failover
            log.warning("done, but not yet on the list of users: user %s: %s", user_id, error)

    def _parse(self, user_id: str, raw: Any) -> UserContext:
        place = f"Redis key {self._key(user_id)}"
        context = self._records.load(UserContext, raw, bound_to=f"user:{user_id}", place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _dump(self, context: UserContext) -> str:
        return self._records.dump(context, bound_to=f"user:{context.user_id}")

    def _key(self, user_id: str) -> str:
        return self._key_prefix + user_id
