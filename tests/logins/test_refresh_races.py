"""One refresh for many threads and processes; a logout or a login during it wins."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.contexts import expiring
from support.makers import MakeManager
from support.processes import in_processes, manager_over
from support.refreshing import put, stored, usable
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext
from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.stores.leases import Lease
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
def test_4_processes_with_one_expired_token_make_one_refresh(
    shared_store: dict[str, str], cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    bot_token = cloud.add_bot("Echo Bot").token
    with manager_over(shared_store, bot_token, integration) as manager:
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        answers = in_processes(
            4, _ask_25_times, alice.id,
            bot_token=bot_token, integration=integration, store=shared_store, rest_base=f"{cloud.url}/v1",
        )  # fmt: skip
        tokens = [token for answer in answers for token in answer]
        assert len(cloud.calls.refreshes()) == 1
        assert tokens == [stored(manager, alice).tokens.access_token] * 100


@pytest.mark.holds(22)
def test_a_holder_that_is_killed_frees_the_lease(
    redis_url: str, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    with RedisTokenManager(cloud.add_bot("Echo Bot").token, integration, redis_url=redis_url) as manager:
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        command = [sys.executable, "-c", HOLDER, redis_url, f"refresh-{alice.id}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            with manager.leases.hold(f"refresh-{alice.id}") as lease:
                assert lease is None
            holder.kill()
        assert usable(manager, alice)
    assert len(cloud.calls.refreshes()) == 1


#: holds a lease, and renews it, until it is killed
HOLDER = """
import sys, threading
from wxc_sdk.integration import Integration
from webex_bot_auth import RedisTokenManager
from webex_bot_auth.stores import leases
leases.LEASE_SECONDS = 2.0
integration = Integration(client_id="id", client_secret="secret", scopes="scope",
                          redirect_url="https://bot.example.com/redirect")
manager = RedisTokenManager("token", integration, redis_url=sys.argv[1])
with manager.leases.hold(sys.argv[2]) as lease:
    print("held" if lease else "not held", flush=True)
    threading.Event().wait()
"""


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
    answer = came_back(cloud, manager.asking.url(alice.id), alice)
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="refresh", hang=True) as hanging:
        refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
        hanging.wait()
        manager.process_redirect(**answer)
        newest = stored(manager, alice)
        hanging.clear()
        assert refreshing.result() == newest
    assert stored(manager, alice) == newest


@pytest.mark.holds(22)
def test_a_refresh_that_is_refused_drops_nothing_where_somebody_has_stored_other_tokens(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    """As when another process has used a refresh token that is good for one refresh."""
    expired = put(manager, expiring(logged_in, -1))
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="refresh", hang=True) as hanging:
        refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
        hanging.wait()
        cloud.revoke_person(alice)
        others = expired.with_tokens(Tokens(access_token="another", refresh_token="one"))
        put(manager, others)
        hanging.clear()
        assert refreshing.result() == others
    assert stored(manager, alice) == others


def test_a_refresh_that_is_refused_drops_nothing_where_its_lease_was_lost(
    make_manager: MakeManager, cloud: Sandbox, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may hold it, and have got new tokens for the same refresh token by now."""
    manager = make_manager()
    log_in(cloud, manager, alice)
    expired = put(manager, expiring(stored(manager, alice), -1))
    cloud.revoke_person(alice)
    monkeypatch.setattr(Lease, "is_held", lambda _: False)
    with pytest.raises(TokenServiceUnavailable):
        manager.get_user_context_and_refresh(user_id=alice.id)
    assert stored(manager, alice) == expired
    monkeypatch.undo()
    assert manager.get_user_context_and_refresh(user_id=alice.id) is None
    assert manager.get_user_context(user_id=alice.id) is None


@pytest.mark.holds(28)
def test_50_threads_whose_token_is_refused_make_one_refresh(
    manager: TokenManager, cloud: Sandbox, logged_in: UserContext
) -> None:
    start = threading.Barrier(50)

    def ask(_: int) -> UserContext | None:
        start.wait()
        return manager.refresher.renew(logged_in.copied())

    with ThreadPoolExecutor(50) as pool:
        renewed = list(pool.map(ask, range(50)))
    assert len(cloud.calls.refreshes()) == 1
    assert all(context == manager.get_user_context(user_id=logged_in.user_id) for context in renewed)
    assert len({id(context) for context in renewed}) == 50  # each may change its own
