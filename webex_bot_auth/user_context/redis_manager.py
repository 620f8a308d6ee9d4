"""RedisTokenManager: a server. For a bot and redirects in several processes, on several machines."""

from __future__ import annotations

from io import TextIOBase
from typing import Any

from redis import Redis
from wxc_sdk.integration import Integration

from .. import models
from ..errors import SettingError
from ..models import reference
from ..stores.redis.client import connect, warn_about_client_settings
from ..stores.redis.flows import RedisFlowStore
from ..stores.redis.maintenance import FlowMaintenance
from ..stores.redis.users import RedisUserStore
from .settings import DEFAULT_LIFETIME
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
        self._maintenance = FlowMaintenance(
            self.redis,
            flow_set=key_prefix + self.FLOW_SET,
            latest=key_prefix + self.FLOW_MAINTENANCE,
            lifetime=options.get("flow_lifetime", DEFAULT_LIFETIME),
        )
        super().__init__(
            bot_token,
            integration,
            users=RedisUserStore(
                self.redis,
                record_prefix=f"{key_prefix}{self.USER_KEY_PREFIX}-",
                lock_prefix=f"{key_prefix}refresh-",
                user_set=key_prefix + self.USER_SET,
            ),
            flows=RedisFlowStore(
                self.redis,
                self._maintenance,
                flow_set=key_prefix + self.FLOW_SET,
                bot_prefix=f"{key_prefix}bot-{reference(str(bot_token))}-",
            ),
            **options,
        )

    def flow_maintenance_needed(self, *, force: bool = False) -> bool:
        """Determine whether flow maintenance is needed; only once every 15 minutes.

        Args:
            force: it is needed in any case
        """
        return force or self._maintenance.is_needed()

    def flow_maintenance(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Garbage collection on existing flows if needed.

        Redis drops flows by itself when they expire. What is left is their ids in :attr:`FLOW_SET`, and flows
        that earlier installations stored without an expiry.

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
