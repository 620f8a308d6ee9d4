"""How often 50 threads in each of 4 processes refresh one access token that has expired."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.contexts import expiring
from support.processes import in_processes
from support.redis_server import RedisServer

from webex_bot_auth import RedisTokenManager, TokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import log_in

from .measuring import Figure

PROCESSES, THREADS = 4, 50


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server, Sandbox() as cloud:
        integration, bot_token = cloud.integration(), cloud.add_bot("Echo Bot").token
        alice = cloud.add_person("Alice Adams")
        with cloud.clients(), RedisTokenManager(bot_token, integration, redis_url=server.url) as manager:
            log_in(cloud, manager, alice)
            context = manager.get_user_context(user_id=alice.id)
            assert context is not None
            manager.set_user_context(user_id=alice.id, user_context=expiring(context, -1))
        served = in_processes(
            PROCESSES, _ask_in_threads, alice.id,
            bot_token=bot_token, integration=integration, rest_base=f"{cloud.url}/v1",
            store={"redis_url": server.url},
        )  # fmt: skip
        setup = f"{THREADS} threads x {PROCESSES} processes, one expired token"
        yield Figure(f"{setup}: refreshes", len(cloud.calls.refreshes()), "", 1)
        yield Figure(f"{setup}: threads without a token", PROCESSES * THREADS - sum(served), "", 0)


def _ask_in_threads(manager: TokenManager, user_id: str) -> int:
    """How many of the threads get a usable context."""
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(manager.get_user_context_and_refresh, user_id=user_id) for _ in range(THREADS)]
        return sum(one.result() is not None for one in asked)
