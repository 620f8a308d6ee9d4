"""Processor time of the Redis server for each operation: it limits how many one server can serve."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.redis_server import RedisServer
from support.redis_stores import events_of

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.commands.events import Events
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import log_in

from .measuring import Figure
from .sample_users_and_commands import context, person_id


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server, Sandbox() as cloud:
        bot_token, alice = cloud.add_bot("Echo Bot").token, cloud.add_person("Alice Adams")
        integration, user_id, client = cloud.integration(), person_id(), server.client
        manager: Any
        with cloud.clients(), RedisTokenManager(bot_token, integration, redis_url=server.url) as manager:
            manager.flow_maintenance()
            events = events_of(manager)
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
            for operation, times, work in (
                ("a guarded command", 5_000, lambda: manager.get_user_context_and_refresh(user_id=user_id)),
                (
                    "a message to a registered bot",
                    5_000,
                    lambda: _event(events, secrets.token_hex(20), user_id),
                ),
                ("a login", 200, lambda: log_in(cloud, manager, alice)),
            ):
                yield Figure(
                    f"processor time of the Redis server for {operation}",
                    _microseconds(client, times, work),
                    "µs",
                )


def _event(events: Events, event_id: str, user_id: str) -> None:
    events.claim(event_id, user_id)
    events.end(event_id, user_id)


def _microseconds(client: Any, times: int, work: Callable[[], object]) -> float:
    before = _busy(client)
    for _ in range(times):
        work()
    return (_busy(client) - before) / times * 1e6


def _busy(client: Any) -> float:
    """Seconds of processor time that the server has used, for its network as well."""
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
