"""The benchmarks measure what they say."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from support.makers import Make
from wxc_sdk.integration import Integration

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.flows import BOT_TOKEN, fill  # noqa: E402 (the path comes first)
from benchmarks.sample_users_and_commands import person_id  # noqa: E402


def sizes(client: redis.Redis) -> dict[tuple[bytes, bytes, bool], int]:
    """Sizes of all keys in bytes, by the beginning of the name, the type, and whether the key expires."""
    return {
        (key[:6], client.type(key), client.ttl(key) > 0): client.memory_usage(key)
        for key in client.scan_iter()
        if key != b"flow-maintenance"
    }


def test_flows_that_are_made_in_bulk_are_like_real_ones(
    redis_url: str, redis_manager: Make, integration: Integration
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        fill(client, 1, lifetime=timedelta(minutes=10))
        made = sizes(client)
        client.flushall()
        with redis_manager(BOT_TOKEN, integration) as manager:
            manager.start_flow(user_id=person_id())
        # an allocation may be some bytes larger than asked for
        assert made == {key: pytest.approx(size, abs=32) for key, size in sizes(client).items()}


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
