"""This package's stores in Redis without a token manager, and what one more process notes about events."""

from __future__ import annotations

from typing import Any

from webex_bot_auth import TokenManager
from webex_bot_auth.commands.events import Events
from webex_bot_auth.ground.queues import Queues
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import reference
from webex_bot_auth.stores.redis.flows import RedisFlowStore
from webex_bot_auth.stores.redis.maintenance import FlowMaintenance
from webex_bot_auth.stores.redis.users import RedisUserStore
from webex_bot_auth.user_context.settings import DEFAULT_LIFETIME

#: the bot of these stores, as its keys name it
BOT = reference("token")


def user_store(client: Any) -> RedisUserStore:
    """Make a store of users' records, with the names of the specification."""
    return RedisUserStore(client, record_prefix="user-", user_set="users")


def flow_store(client: Any, key_prefix: str = "") -> RedisFlowStore:
    """Make a store of what is under way."""
    flow_set, latest = f"{key_prefix}flows", f"{key_prefix}flow-maintenance"
    maintenance = FlowMaintenance(
        client, flow_set=flow_set, latest=latest, lifetime=DEFAULT_LIFETIME, mark=BOT
    )
    return RedisFlowStore(client, maintenance, key_prefix=key_prefix, flow_prefix=f"{flow_set}-", bot=BOT)


def events_of(manager: TokenManager) -> Events:
    """Make what one more process of a manager's bot notes about events."""
    return Events(manager.desks.flows, Records(), manager.desks, manager.chat, Queues("messages"), Turn())
