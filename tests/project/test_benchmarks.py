"""The benchmarks measure what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from support.makers import Make
from wxc_sdk.integration import Integration

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.flows import BOT_TOKEN, fill  # noqa: E402 (the path comes first)
from benchmarks.sample_users_and_commands import person_id  # noqa: E402


def shapes(client: redis.Redis) -> set[tuple[object, ...]]:
    """What decides the memory for each key: lengths of its name and its texts, its encoding, and its expiry.

    Not the bytes themselves: the allocator gives some more to the one or the other.
    """
    return {
        (
            key[:6],
            len(key),
            client.object("encoding", key),
            tuple(map(len, texts(client, key))),
            client.ttl(key) > 0,
        )
        for key in client.scan_iter()
        if key != b"flow-maintenance"
    }


def texts(client: redis.Redis, key: bytes) -> list[bytes]:
    read = {b"string": client.get, b"zset": lambda key: client.zrange(key, 0, -1), b"set": client.smembers}
    found: Any = read[client.type(key)](key)
    found = [found] if isinstance(found, bytes) else list(found)
    return [re.sub(rb"\b\d{10}\.\d+", b"time", text) for text in found]  # which is shorter now and then


def test_flows_that_are_made_in_bulk_are_like_real_ones(
    redis_url: str, redis_manager: Make, integration: Integration
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        fill(client, 1, lifetime=timedelta(minutes=10))
        made = shapes(client)
        client.flushall()
        with redis_manager(BOT_TOKEN, integration) as manager:
            manager.start_flow(user_id=person_id())
        assert made == shapes(client)


def test_they_run_and_print_a_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "one_refresh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert "one expired token: refreshes" in done.stdout
    assert "MISSED" not in done.stdout
