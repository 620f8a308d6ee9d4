"""Deleting what is left in Redis of abandoned flows, and how long other clients wait meanwhile."""

from __future__ import annotations

import datetime
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.models import reference

from .flows import BOT_TOKEN
from .measuring import Curve, Figure
from .sample_users_and_commands import INTEGRATION, person_id

FLOWS = (1_000, 10_000, 100_000)
ROUNDS = 3

Leave = Callable[[Any, list[str]], None]


def measure() -> Iterator[Figure | Curve]:
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder)) as server,
        RedisTokenManager(BOT_TOKEN, INTEGRATION, redis_url=server.url) as manager,
    ):
        for kind, leave in (("expired", _ids), ("expired, of an earlier installation", _records)):
            runs = [[_run(server.client, manager, leave, flows) for _ in range(ROUNDS)] for flows in FLOWS]
            seconds = [statistics.median(took for took, _ in of_size) for of_size in runs]
            blocked = max(longest for _, longest in runs[-1])
            yield Figure(f"maintenance, 100,000 flows, {kind}", seconds[-1], "s", 1.0)
            yield Figure(
                f"maintenance, 100,000 flows, {kind}: longest wait of other clients", blocked, "ms", 10,
                "the longest command, by the server's own clock",
            )  # fmt: skip
            yield Curve(f"maintenance-{kind.replace(', ', '-').replace(' ', '-')}", "flows", "seconds", FLOWS,
                        {"flow_maintenance": seconds})  # fmt: skip


def _run(client: Any, manager: Any, leave: Leave, flows: int) -> tuple[float, float]:
    """Seconds that it takes, and milliseconds of the longest command during that time."""
    client.flushall()
    ids = [secrets.token_urlsafe(16) for _ in range(flows)]
    for start in range(0, flows, 5_000):
        leave(client, ids[start : start + 5_000])
    client.config_set("slowlog-log-slower-than", 1000)
    client.slowlog_reset()
    started = time.perf_counter()
    manager.flow_maintenance(force=True)
    took = time.perf_counter() - started
    if client.exists("flows") or client.keys("flows-*"):
        raise RuntimeError("maintenance has left keys of flows")
    return took, max((entry["duration"] for entry in client.slowlog_get(100)), default=1000) / 1000


def _ids(client: Any, ids: list[str]) -> None:
    """The flows have expired; their ids are left."""
    client.sadd("flows", *(flow_id + reference(BOT_TOKEN) for flow_id in ids))


def _records(client: Any, ids: list[str]) -> None:
    """Earlier installations stored flows without an expiry."""
    long_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    record = json.dumps({"user_id": person_id(), "created": long_ago.isoformat()})
    client.sadd("flows", *ids)
    client.mset({f"flows-{flow_id}": record for flow_id in ids})
