"""One refresh for many threads and processes; a logout or a login during it wins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.contexts import expiring
from support.processes import in_processes
from support.refreshing import put, stored, usable
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext, YAMLTokenManager
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back, log_in


@pytest.mark.holds(22)
def test_50_threads_with_one_expired_token_make_one_refresh(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    put(manager, expiring(logged_in, -1))
    start = threading.Barrier(50)

    def ask(_: int) -> UserContext:
        start.wait()
        return usable(manager, alice)

    with ThreadPoolExecutor(50) as pool:
        contexts = list(pool.map(ask, range(50)))
    assert len(cloud.calls.refreshes()) == 1
    assert all(context == stored(manager, alice) for context in contexts)


def _ask_25_times(manager: TokenManager, user_id: str) -> list[str | None]:
    with ThreadPoolExecutor(25) as pool:
        contexts = pool.map(lambda _: manager.get_user_context_and_refresh(user_id=user_id), range(25))
        return [context.tokens.access_token if context else None for context in contexts]


@pytest.mark.holds(22)
@pytest.mark.parametrize("kind", ["redis", "yaml"])
def test_4_processes_with_one_expired_token_make_one_refresh(
    redis_url: str, tmp_path: Path, cloud: Sandbox, integration: Integration, alice: Person, kind: str
) -> None:
    bot_token = cloud.add_bot("Echo Bot").token
    store = {"redis_url": redis_url} if kind == "redis" else {"yml_base": str(tmp_path / "tokens")}
    make: Any = RedisTokenManager if kind == "redis" else YAMLTokenManager
    with make(bot_token, integration, **store) as manager:
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        answers = in_processes(
            4, _ask_25_times, alice.id,
            bot_token=bot_token, integration=integration, store=store, rest_base=f"{cloud.url}/v1",
        )  # fmt: skip
        tokens = [token for answer in answers for token in answer]
        assert len(cloud.calls.refreshes()) == 1
        assert tokens == [stored(manager, alice).tokens.access_token] * 100


@pytest.mark.holds(22)
def test_a_holder_that_dies_frees_the_lock(
    redis_url: str, cloud: Sandbox, integration: Integration, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.stores.redis.users.LOCK_SECONDS", 0.3)
    bot_token = cloud.add_bot("Echo Bot").token
    with (
        RedisTokenManager(bot_token, integration, redis_url=redis_url) as dead,
        RedisTokenManager(bot_token, integration, redis_url=redis_url) as manager,
    ):
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        lock = dead.contexts.refresh_lock(alice.id, 0.1)
        assert lock.__enter__()  # and does not release it
        assert usable(manager, alice)
        lock.__exit__(None, None, None)


@pytest.mark.holds(26)
def test_a_logout_during_a_refresh_wins(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    put(manager, expiring(logged_in, -1))
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="refresh", hang=True) as hanging:
        refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
        hanging.wait()
        manager.logout(user_id=alice.id)
        hanging.clear()
        assert refreshing.result() is None
    assert manager.get_user_context(user_id=alice.id) is None


@pytest.mark.holds(26)
def test_a_login_during_a_refresh_wins(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    put(manager, expiring(logged_in, -1))
    answer = came_back(cloud, manager.login.url(alice.id), alice)
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="refresh", hang=True) as hanging:
        refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
        hanging.wait()
        manager.process_redirect(**answer)
        newest = stored(manager, alice)
        hanging.clear()
        assert refreshing.result() == newest
    assert stored(manager, alice) == newest
