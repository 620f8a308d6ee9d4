"""Memory in Redis for a pending login and a user who is logged in; and what people leave in the process."""

from __future__ import annotations

import functools
import logging
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.growth import VISITS, Visit, bytes_held
from support.makers import KEY
from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import WebexBotAuthError

from .flows import fill
from .measuring import Curve, Figure
from .sample_users_and_commands import INTEGRATION, context, person_id

SIZES = (1_000, 10_000)
MANY = (100_000, 1_000_000)
LIFETIME = timedelta(hours=1)


def measure() -> Iterator[Figure | Curve]:
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        client = server.client
        with RedisTokenManager("-", INTEGRATION, redis_url=server.url, flow_lifetime=LIFETIME) as manager:
            flows = [_each(client, manager, _times(manager, "start_flow", size), size) for size in SIZES]
            flows += [
                _each(client, manager, functools.partial(fill, client, many, lifetime=LIFETIME), many)
                for many in MANY
            ]
            links = _each(client, manager, functools.partial(_urls, manager, SIZES[-1]), SIZES[-1])
            users = [_each(client, manager, functools.partial(_store, manager, size), size) for size in SIZES]
        with RedisTokenManager("-", INTEGRATION, redis_url=server.url, encryption_keys=[KEY]) as manager:
            sealed = _each(client, manager, functools.partial(_store, manager, SIZES[-1]), SIZES[-1])
        yield Figure(
            "Redis: bytes for a pending flow",
            max(flows),
            "B",
            1080,
            "the highest value for 1,000 to 1,000,000 flows",
        )
        yield Figure("Redis: bytes for a flow with PKCE, as in a login card", links, "B")
        yield Figure("Redis: bytes for a user", max(users), "B", 1100, "plain tokens of 105 characters")
        yield Figure("Redis: bytes for a user, encrypted", sealed, "B")
        yield Figure("Redis: keys left of 1,000 pending logins", _left(server), "", 0, "after they expired")
    for kind, make in VISITS.items():
        yield Figure(
            f"process: MB that a million people leave who come once: {kind}", _behind(make), "MB", 50
        )
    yield Curve("Redis-memory-by-flows", "pending flows", "bytes for each", (*SIZES, *MANY), {"flow": flows})


def _each(client: Any, manager: Any, work: Callable[[], object], size: int) -> float:
    client.flushall()
    client.ping()  # a server that has just dropped a million keys may take longer than the manager waits
    manager.flow_maintenance()  # connects; otherwise it would run in the background later
    before = client.info("memory")["used_memory"]
    work()
    return float((client.info("memory")["used_memory"] - before) / size)


def _times(manager: Any, method: str, times: int) -> Callable[[], object]:
    start = getattr(manager, method)
    return lambda: [start(user_id=person_id()) for _ in range(times)]


def _urls(manager: Any, times: int) -> None:
    for _ in range(times):
        manager.asking.url(person_id())


def _store(manager: Any, users: int) -> None:
    for _ in range(users):
        user_id = person_id()
        manager.set_user_context(user_id=user_id, user_context=context(user_id))


def _behind(make: Callable[[], Visit]) -> float:
    """What so many people leave that every limit is reached, in MB; further ones leave nothing more."""
    logger = logging.getLogger("webex_bot_auth")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    tracemalloc.start()
    try:
        held: int = bytes_held(make(), range(40_000))
        return held / 1e6
    finally:
        tracemalloc.stop()
        logger.setLevel(level)


def _left(server: RedisServer) -> int:
    """How many keys are left when all logins have expired."""
    server.client.flushall()
    lifetime = timedelta(seconds=2)
    with RedisTokenManager("-", INTEGRATION, redis_url=server.url, flow_lifetime=lifetime) as manager:
        for _ in range(999):
            manager.asking.url(person_id())
        with suppress(WebexBotAuthError):  # from now on, the process tidies; Webex cannot be reached
            manager.request_login(user_id=person_id())
        deadline = time.monotonic() + lifetime.total_seconds() + 30
        while time.monotonic() < deadline and _keys(server.client) > 1:  # the set of ids
            time.sleep(0.05)
        manager.flow_maintenance(force=True)
    return _keys(server.client)


def _keys(client: Any) -> int:
    return len([key for key in client.scan_iter(count=1_000) if key != b"flow-maintenance"])
