"""RedisTokenManager: a server. For a bot and redirects in several processes, on several machines."""

from __future__ import annotations

from io import TextIOBase
from typing import Any

from redis import Redis
from wxc_sdk.integration import Integration

from .. import models
from ..errors import SettingError
from ..models import reference
from ..stores import FlowStore, UserStore
from ..stores.redis.client import connect, warn_about_client_settings, with_notes
from ..stores.redis.flows import RedisFlowStore
from ..stores.redis.maintenance import FlowMaintenance
from ..stores.redis.users import RedisUserStore
from .stored_manager import StoredTokenManager


class RedisTokenManager(StoredTokenManager):
    """Token manager using Redis (6.2 or later) as backend.

    Args:
        bot_token: bot access token; required to send messages to the user
        integration: OAuth integration; used to call the endpoints that give and refresh tokens
        redis_host: Redis host; takes precedence over the Redis URL
        redis_url: Redis URL, with all that :meth:`redis.Redis.from_url` takes; ``rediss://`` checks
            certificate and host name
        redis_client: any redis-py client, also for Sentinel and Cluster, see docs/how-to/redis.md; its owner
            closes it
        key_prefix: put before every key, to share a Redis with others
        options: see :class:`~webex_bot_auth.user_context.TokenManager`

    Attributes:
        redis: the redis-py client
        key_prefix: what every key begins with

    Raises:
        SettingError: a setting is missing or malformed. Nothing connects before it is used
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
        if not isinstance(key_prefix, str):
            raise SettingError("key_prefix", "has to be a string")
        self.key_prefix = key_prefix
        self._owns_client = redis_client is None
        if redis_client is None:
            redis_client = connect(redis_host, redis_url)
        else:
            warn_about_client_settings(redis_client)
        self.redis: Redis = redis_client
        self._client = redis_client if self._owns_client else with_notes(redis_client)
        super().__init__(bot_token, integration, users=self._make_users(), **options)

    def _make_users(self) -> RedisUserStore:
        return RedisUserStore(
            self._client,
            record_prefix=f"{self.key_prefix}{self.USER_KEY_PREFIX}-",
            user_set=self.key_prefix + self.USER_SET,
        )

    def _make_stores(self) -> tuple[UserStore, FlowStore]:
        bot = reference(self._bot_token)
        self._maintenance = FlowMaintenance(
            self._client,
            flow_set=self.key_prefix + self.FLOW_SET,
            latest=self.key_prefix + self.FLOW_MAINTENANCE,
            lifetime=self._lifetime,
            mark=bot,
        )
        flows = RedisFlowStore(
            self._client,
            self._maintenance,
            key_prefix=self.key_prefix,
            flow_prefix=f"{self.key_prefix}{self.FLOW_SET}-",
            bot=bot,
        )
        return self._make_users(), flows

    def flow_maintenance_needed(self, *, force: bool = False) -> bool:
        """Determine whether flow maintenance is needed; only once every 15 minutes.

        Args:
            force: it is needed in any case
        """
        return force or self._maintenance.is_needed()

    def flow_maintenance(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Garbage collection on existing flows if needed.

        Redis drops flows by itself when they expire. What is left is their ids in :attr:`FLOW_SET`, and flows
        that older versions stored without an expiry.

        Args:
            force: also where it was done less than 15 minutes ago
            output: gets a line for each flow that is dropped, by a reference that is no secret
        """
        if not self.flow_maintenance_needed(force=force):
            return
        self._maintenance.run(lambda flow_id: output and output.write(f"dropped flow {reference(flow_id)}\n"))

    def _close(self) -> None:
        super()._close()
        if self._owns_client:
            # not close(): it also cuts off a command that still runs and waits for an answer
            self.redis.connection_pool.disconnect(inuse_connections=False)
