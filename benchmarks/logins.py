"""Logins with Redis: round trips, and whether pending logins slow down the next one."""

from __future__ import annotations

import functools
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.counting import http_calls, sent
from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import came_back

from .flows import fill
from .measuring import Curve, Figure, apart, interleaved, ratio
from .sample_users_and_commands import INTEGRATION, context, person_id

PENDING = (0, 1_000, 10_000, 100_000, 1_000_000)
LIFETIME = timedelta(hours=1)


def measure() -> Iterator[Figure | Curve]:
    with tempfile.TemporaryDirectory() as folder:
        yield from _round_trips(Path(folder))
        yield from _growth(Path(folder))


def _round_trips(folder: Path) -> Iterator[Figure]:
    with RedisServer(folder) as server, Sandbox() as cloud, cloud.clients():
        integration, bot = cloud.integration(), cloud.add_bot("Echo Bot")
        alice = cloud.add_person("Alice Adams")
        manager: Any
        with RedisTokenManager(bot.token, integration, redis_url=server.url) as manager:
            manager.flow_maintenance()  # connects; later it would run in the background
            stored = person_id()
            with sent() as storing:
                manager.set_user_context(user_id=stored, user_context=context(stored))
            yield Figure("set_user_context, Redis: round trips", len(storing), "", 6)
            with sent() as starting:
                flow_id = manager.start_flow(user_id=alice.id)
            yield Figure("start_flow, Redis: round trips", len(starting), "", 4)
            answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
            with sent() as ending, http_calls() as calls:
                manager.process_redirect(**answer)
            yield Figure(
                "whole login, Redis: round trips", len(starting) + len(ending), "", 19,
                f"start_flow and process_redirect, with {calls.total()} HTTP calls",
            )  # fmt: skip


def _growth(folder: Path) -> Iterator[Figure | Curve]:
    with ExitStack() as stack:
        starts, servers = [], []
        for pending in PENDING:
            place = folder / str(pending)
            place.mkdir()
            server = stack.enter_context(RedisServer(place))
            manager: Any = stack.enter_context(
                RedisTokenManager("-", INTEGRATION, redis_url=server.url, flow_lifetime=LIFETIME)
            )
            manager.flow_maintenance()  # now, or it would run in the background
            servers.append(server)
            fill(server.client, pending, lifetime=LIFETIME)
            starts.append(functools.partial(manager.start_flow, user_id=person_id()))
        with apart(*(server.pid for server in servers)):
            times = interleaved(*starts, rounds=60, number=20)
    yield Figure(
        "start_flow, Redis: 1,000,000 pending flows", ratio(times[-1], times[0]), "x", 1.2, "no pending flows"
    )
    yield Curve(
        "start_flow-by-flows-under-way", "pending flows", "microseconds", PENDING,
        {"start_flow, Redis": [statistics.median(each) * 1e6 for each in times]},
    )  # fmt: skip
