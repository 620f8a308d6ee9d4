"""RedisTokenManager: a server. For a bot and redirects in several processes, on several machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from wxc_sdk.integration import Integration

from ..errors import SettingError, StoreUnreadable
from . import models
from .diagnosis import FlowUnderWay, RedisHealth
from .models import Renewal, UserContext, check_owner, reference
from .redis_client import answering, connect, text
from .redis_diagnosis import flows_under_way, health
from .redis_pending import RedisPending
from .refresh import LONGEST_WAIT
from .stored import StoredTokenManager

#: a holder that dies frees the lock after so many seconds; longer than a refresh can take
LOCK_SECONDS = LONGEST_WAIT + 10.0

# replaces a record only where it is still the one that was read
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1
"""


class RedisTokenManager(StoredTokenManager):
    """Token manager using Redis (6.2 or later) as backend.

    :param bot_token: bot access token; required to send messages to the user
    :param integration: OAuth integration; used to call the endpoints that give and refresh tokens
    :param redis_host: Redis host; takes precedence over the Redis URL
    :param redis_url: Redis URL, with all that :meth:`redis.Redis.from_url` takes; ``rediss://`` checks
        certificate and host name
    :param redis_client: any redis-py client (Sentinel and Cluster too); closing it is left to its owner
    :param key_prefix: put before every key, to share a Redis with others
    :param options: see :class:`~webex_bot_auth.user_context.TokenManager`
    :raises SettingError: a setting is missing or malformed. Nothing connects before it is used
    """

    #: Redis key for the set of active flow ids
    FLOW_SET = "flows"
    #: Redis key for the datetime of the latest flow maintenance, see :meth:`flow_maintenance_needed`
    FLOW_MAINTENANCE = "flow-maintenance"
    #: prefix of Redis keys that store a :class:`UserContext`. Full key: ``{USER_KEY_PREFIX}-{user_id}``
    USER_KEY_PREFIX = "user"
    #: Redis key for the set of user ids we have a :class:`UserContext` for in Redis
    USER_SET = "users"

    FlowState = models.FlowState

    def __init__(
        self,
        bot_token: str,
        integration: Integration,
        redis_host: str | None = None,
        redis_url: str | None = None,
        *,
        redis_client: Any = None,
        key_prefix: str = "",
        **options: Any,
    ) -> None:
        super().__init__(bot_token, integration, **options)
        if not isinstance(key_prefix, str):
            raise SettingError("key_prefix", "has to be a string")
        self._owns_client = redis_client is None
        self._redis: Redis = connect(redis_host, redis_url) if redis_client is None else redis_client
        self._prefix = key_prefix
        self._pending = self._logins = RedisPending(
            self._redis,
            self._records,
            lifetime=self.flow_lifetime,
            flow_set=self._key(self.FLOW_SET),
            maintained=self._key(self.FLOW_MAINTENANCE),
            prefix=key_prefix,
            bot=reference(bot_token),
        )

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """The user context, in one round trip.

        :param user_id: user id
        :raises StoreError: Redis does not answer, or the record cannot be read
        """
        with answering(self._user_key(user_id)):
            raw = self._redis.get(self._user_key(user_id))
        return self._context(user_id, raw)

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Store a user context in Redis, in one round trip.

        :param user_id: user id of the user to store the context for
        :param user_context: context to store; if None then clear the context for this user
        :raises StoreError: Redis does not answer
        """
        check_owner(user_id, user_context)
        key = self._user_key(user_id)
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            if user_context is None:
                pipe.delete(key)
                pipe.srem(self._key(self.USER_SET), user_id)
            else:
                pipe.sadd(self._key(self.USER_SET), user_id)
                pipe.set(key, self._dump(user_id, user_context))
            pipe.execute()

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop a context, but only where ``old`` still stands, whoever writes beside us."""
        key = self._user_key(old.user_id)
        with answering(key):
            raw = self._redis.get(key)
            if raw is None or not old.same_login(self._context(old.user_id, raw)):
                return False
            written = "" if new is None else self._dump(new.user_id, new)
            done = bool(self._redis.eval(_REPLACE, 1, key, raw, written))
            if done and new is None:
                self._redis.srem(self._key(self.USER_SET), old.user_id)
        return done

    @contextmanager
    def exclusively(self, user_id: str) -> Iterator[bool]:
        """Hold off other processes while a user's tokens are refreshed."""
        key = self._key(f"refresh-{user_id}")
        lock = self._redis.lock(key, timeout=LOCK_SECONDS, sleep=0.05, blocking_timeout=LONGEST_WAIT)
        with answering(key):
            held = lock.acquire()
        try:
            yield held
        finally:
            if held:
                _release(lock)

    def users(self) -> Iterator[str]:
        """Ids of the users whose contexts are stored."""
        cursor = 0
        while True:
            with answering(self._key(self.USER_SET)):
                cursor, found = self._redis.sscan(self._key(self.USER_SET), cursor, count=500)
            yield from map(text, found)
            if not int(cursor):
                return

    def renew(self) -> Renewal:
        """Encrypt all contexts with the newest key, one after the other, while others read and write."""
        changed, unreadable = 0, []
        for user_id in set(self.users()):
            try:
                changed += self._renew(user_id)
            except StoreUnreadable as error:
                unreadable.append(error.place)
        return Renewal(changed=changed, unreadable=unreadable)

    def _renew(self, user_id: str) -> bool:
        key = self._user_key(user_id)
        with answering(key):
            raw = self._redis.get(key)
            if raw is None:
                return False
            record = self._records.renewed(
                UserContext, raw, bound_to=f"user:{user_id}", place=f"Redis key {key}"
            )
            # where somebody else has written meanwhile, it is written anew already
            return record is not None and bool(self._redis.eval(_REPLACE, 1, key, raw, record))

    def flow_maintenance_needed(self, *, force: bool = False) -> bool:
        """Determine whether flow maintenance is needed; only once every 15 minutes.

        :param force: it is needed in any case
        """
        return self._logins.maintenance_needed(force=force)

    def flow_maintenance(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Garbage collection on existing flows if needed.

        Redis drops flows by itself when they expire. What is left is their ids in :attr:`FLOW_SET`, and
        flows that earlier installations stored without an expiry.

        :param force: also where it was done less than 15 minutes ago
        :param output: gets a line for each flow that is dropped, by a reference that is no secret
        """
        self._logins.maintain(force=force, output=output)

    def flows(self) -> Iterator[FlowUnderWay]:
        """Logins under way, by names that are no secret."""
        return flows_under_way(self._redis, self._records, self._key(self.FLOW_SET))

    def health(self) -> RedisHealth:
        """Facts about the server, for an administrator; a single server, not a cluster."""
        return health(self._redis, probe=self._key("doctor"))

    def close(self) -> None:
        super().close()
        if self._owns_client:
            self._redis.close()

    def _context(self, user_id: str, raw: Any) -> UserContext | None:
        if raw is None:
            return None
        place = f"Redis key {self._user_key(user_id)}"
        context = self._records.load(UserContext, raw, bound_to=f"user:{user_id}", place=place)
        if context.user_id != user_id:
            raise StoreUnreadable(place, "the record belongs to another user")
        return context

    def _dump(self, user_id: str, context: UserContext) -> str:
        return self._records.dump(context, bound_to=f"user:{user_id}")

    def _user_key(self, user_id: str) -> str:
        return self._key(f"{self.USER_KEY_PREFIX}-{user_id}")

    def _key(self, name: str) -> str:
        return self._prefix + name


def _release(lock: Any) -> None:
    """A lock that expired, or a server that went away, is as good as released."""
    try:
        lock.release()
    except RedisError:
        return
