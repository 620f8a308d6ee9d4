"""RedisTokenManager: a server. For a bot and redirects in several processes, on several machines."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Any

from redis import Redis
from wxc_sdk.integration import Integration

from ..errors import SettingError, StoreUnavailable
from . import models
from .diagnosis import FlowUnderWay, RedisHealth
from .models import Renewal, UserContext, check_owner, reference
from .redis_client import answering, connect
from .redis_cluster import one_by_one
from .redis_diagnosis import flows_under_way, health, look_at
from .redis_maintenance import RedisMaintenance
from .redis_pending import RedisPending
from .redis_users import RedisUsers
from .refresh import LONGEST_WAIT
from .stored import StoredTokenManager

log = logging.getLogger(__name__)

#: a holder that dies frees the lock after so many seconds; longer than a refresh can take
LOCK_SECONDS = LONGEST_WAIT + 10.0

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class RedisTokenManager(StoredTokenManager):
    """Token manager using Redis (6.2 or later) as backend.

    :param bot_token: bot access token; required to send messages to the user
    :param integration: OAuth integration; used to call the endpoints that give and refresh tokens
    :param redis_host: Redis host; takes precedence over the Redis URL
    :param redis_url: Redis URL, with all that :meth:`redis.Redis.from_url` takes; ``rediss://`` checks
        certificate and host name
    :param redis_client: any redis-py client, also for Sentinel and Cluster, see docs/redis.md; closing it is
        left to its owner
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
        if redis_client is not None:
            look_at(redis_client)
        client = connect(redis_host, redis_url) if redis_client is None else redis_client
        self._redis: Redis = one_by_one(client)
        self._prefix = key_prefix
        self._users = RedisUsers(
            self._redis,
            self._records,
            key_prefix=self._key(f"{self.USER_KEY_PREFIX}-"),
            user_set=self._key(self.USER_SET),
        )
        flow_set = self._key(self.FLOW_SET)
        self._maintenance = RedisMaintenance(
            self._redis,
            flow_set=flow_set,
            maintained=self._key(self.FLOW_MAINTENANCE),
            lifetime=self.flow_lifetime,
        )
        self._pending = RedisPending(
            self._redis,
            self._records,
            self._maintenance,
            lifetime=self.flow_lifetime,
            flow_set=flow_set,
            prefix=key_prefix,
            bot=reference(bot_token),
        )

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """The user context, in one round trip.

        :param user_id: user id
        :raises StoreError: Redis does not answer, or the record cannot be read
        """
        return self._users.load(user_id)

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Store a user context in Redis, in one round trip (but for a cluster).

        :param user_id: user id of the user to store the context for
        :param user_context: context to store; if None then clear the context for this user
        :raises StoreError: Redis does not answer
        """
        check_owner(user_id, user_context)
        if user_context is None:
            self._users.drop(user_id)
        else:
            self._users.save(user_context)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop a context, but only where ``old`` still stands, whoever writes beside us."""
        return self._users.replace(old, new)

    @contextmanager
    def exclusively(self, user_id: str) -> Iterator[bool]:
        """Hold off other processes while a user's tokens are refreshed."""
        key = self._key(f"refresh-{user_id}")
        token = secrets.token_hex(16)
        lock = self._redis.lock(key, timeout=LOCK_SECONDS, sleep=0.05, blocking_timeout=LONGEST_WAIT)
        with answering(key):
            held = lock.acquire(token=token)
        try:
            yield held
        finally:
            if held:
                self._release(key, token)

    def _release(self, key: str, token: str) -> None:
        """A lock that expired, or a server that went away, is as good as released.

        Not by the lock's own method: that needs all primaries of a cluster, which is one too many in a
        failover.
        """
        try:
            with answering(key):
                self._redis.eval(_RELEASE, 1, key, token)
        except StoreUnavailable as error:
            log.info("refresh lock left to expire: %s", error)

    def users(self) -> Iterator[str]:
        """Ids of the users whose contexts are stored."""
        return self._users.ids()

    def renew(self) -> Renewal:
        """Encrypt all contexts with the newest key, one after the other, while others read and write."""
        return self._users.renew()

    def flow_maintenance_needed(self, *, force: bool = False) -> bool:
        """Determine whether flow maintenance is needed; only once every 15 minutes.

        :param force: it is needed in any case
        """
        return self._maintenance.is_needed(force=force)

    def flow_maintenance(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Garbage collection on existing flows if needed.

        Redis drops flows by itself when they expire. What is left is their ids in :attr:`FLOW_SET`, and
        flows that earlier installations stored without an expiry.

        :param force: also where it was done less than 15 minutes ago
        :param output: gets a line for each flow that is dropped, by a reference that is no secret
        """
        self._maintenance.run(force=force, output=output)

    def flows(self) -> Iterator[FlowUnderWay]:
        """Logins under way, by names that are no secret."""
        return flows_under_way(self._redis, self._records, self._key(self.FLOW_SET))

    def health(self) -> RedisHealth:
        """Facts about the server, for an administrator; of a cluster, the worst of all primaries."""
        return health(self._redis, probe=self._key("doctor"))

    def close(self) -> None:
        super().close()
        if self._owns_client:
            self._redis.close()

    def _key(self, name: str) -> str:
        return self._prefix + name
