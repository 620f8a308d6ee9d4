"""Access tokens that are usable now, with few calls and nothing lost."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from support.contexts import expiring
from support.makers import MakeManager
from support.processes import in_processes
from support.redis_server import RedisServer
from support.waiting import wait_until
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext, WebexBotAuthError
from webex_bot_auth.errors import ClientRefused, StoreUnavailable, TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back, log_in


@pytest.fixture
def alice(cloud: Sandbox) -> Person:
    return cloud.add_person("Alice Adams")


@pytest.fixture
def logged_in(cloud: Sandbox, manager: TokenManager, alice: Person) -> UserContext:
    log_in(cloud, manager, alice)
    return stored(manager, alice)


def stored(manager: TokenManager, person: Person) -> UserContext:
    context = manager.get_user_context(user_id=person.id)
    assert context
    return context


def put(manager: TokenManager, context: UserContext) -> UserContext:
    manager.set_user_context(user_id=context.user_id, user_context=context)
    return context


def usable(manager: TokenManager, person: Person) -> UserContext:
    context = manager.get_user_context_and_refresh(user_id=person.id)
    assert context
    return context


def wait_for_refresh(manager: TokenManager) -> None:
    """Closing waits for what runs in the background."""
    manager._refresher.close()


def test_who_is_not_logged_in_has_no_context(manager: TokenManager) -> None:
    assert manager.get_user_context_and_refresh(user_id="alice") is None


def test_a_fresh_token_is_given_as_it_is(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    assert usable(manager, alice) == logged_in
    assert cloud.calls.refreshes() == []


def test_an_expired_token_is_refreshed_and_kept(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    put(manager, expiring(logged_in, -1))
    new = usable(manager, alice)
    assert new.tokens.access_token != logged_in.tokens.access_token
    assert stored(manager, alice) == new
    assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(25)
@pytest.mark.parametrize("omits", [(), ("refresh_token", "refresh_token_expires_in", "scope")])
def test_what_the_answer_leaves_out_stays(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, omits: tuple[str, ...]
) -> None:
    cloud.oauth.refresh_omits = omits
    put(manager, expiring(logged_in, -1))
    new = usable(manager, alice).tokens
    assert (new.refresh_token, new.scope) == (logged_in.tokens.refresh_token, logged_in.tokens.scope)
    assert new.refresh_token_expires_at


def test_a_new_refresh_token_is_kept(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    cloud.oauth.rotate_refresh_token = True
    for _ in range(3):
        put(manager, expiring(stored(manager, alice), -1))
        usable(manager, alice)
    assert stored(manager, alice).tokens.refresh_token != logged_in.tokens.refresh_token


@pytest.mark.holds(28)
def test_a_token_that_expires_soon_is_used_and_refreshed_once_beside(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    soon = put(manager, expiring(logged_in, 60))
    with cloud.faults.token(grant="refresh", hang=True) as hanging:
        for _ in range(200):
            assert usable(manager, alice) == soon
        hanging.clear()
        wait_for_refresh(manager)
    assert len(cloud.calls.refreshes()) == 1
    assert stored(manager, alice) != soon


def test_a_service_that_gives_the_same_token_again_is_not_asked_in_a_loop(
    manager: TokenManager, cloud: Sandbox, alice: Person
) -> None:
    cloud.oauth.access_token_lifetime = 100
    cloud.oauth.refresh_returns_same_token = True
    log_in(cloud, manager, alice)
    for _ in range(50):
        usable(manager, alice)
        wait_for_refresh(manager)
    assert len(cloud.calls.refreshes()) == 1


def test_tokens_without_an_expiry_date_are_used_and_not_refreshed(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    logged_in.tokens.expires_at = None
    put(manager, logged_in)
    assert usable(manager, alice) == logged_in
    assert cloud.calls.refreshes() == []


@pytest.mark.parametrize("why", ["no refresh token", "refresh token expired"])
def test_what_cannot_be_refreshed_needs_a_login_and_no_call(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, why: str
) -> None:
    dead = expiring(logged_in, -1, refresh_seconds=-1 if why == "refresh token expired" else None)
    if why == "no refresh token":
        dead.tokens.refresh_token = None
    put(manager, dead)
    assert manager.get_user_context_and_refresh(user_id=alice.id) is None
    assert cloud.calls.refreshes() == []


@pytest.mark.holds(23)
@pytest.mark.parametrize("shape", ["webex", "rfc6749"])
def test_a_revoked_grant_is_dropped_and_needs_a_login(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, shape: Any
) -> None:
    cloud.oauth.error_shape = shape
    put(manager, expiring(logged_in, -1))
    cloud.revoke_person(alice)
    assert manager.get_user_context_and_refresh(user_id=alice.id) is None
    assert manager.get_user_context(user_id=alice.id) is None


PASSING: list[dict[str, Any]] = [
    {"status": 429, "retry_after": 7}, {"status": 500}, {"status": 503}, {"reset": True},
    {"html": True}, {"empty": True}, {"wrong_types": True},
]  # fmt: skip


@pytest.mark.holds(23)
@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_passing_fault_loses_nothing(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, fault: dict[str, Any]
) -> None:
    valid = put(manager, expiring(logged_in, 60))
    with cloud.faults.token(**fault):
        assert usable(manager, alice) == valid
        wait_for_refresh(manager)
        assert usable(manager, alice) == valid
        assert stored(manager, alice) == valid
        expired = put(manager, expiring(logged_in, -1))
        with pytest.raises(TokenServiceUnavailable):
            manager.get_user_context_and_refresh(user_id=alice.id)
        assert stored(manager, alice) == expired


@pytest.mark.holds(24)
def test_a_wrong_client_secret_drops_nothing_and_tells_the_operator(
    make_manager: MakeManager, cloud: Sandbox, alice: Person, integration: Integration,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    manager = make_manager()
    log_in(cloud, manager, alice)
    expired = put(manager, expiring(stored(manager, alice), -1))
    integration.client_secret = "wrong"
    with pytest.raises(ClientRefused), caplog.at_level(logging.WARNING):
        manager.get_user_context_and_refresh(user_id=alice.id)
    assert stored(manager, alice) == expired
    assert "client id, client secret" in caplog.text


@pytest.mark.holds(28)
def test_during_an_outage_20_commands_make_few_calls(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    put(manager, expiring(logged_in, -1))
    with cloud.faults.token(status=503) as fault:
        for _ in range(20):
            with pytest.raises(TokenServiceUnavailable):
                manager.get_user_context_and_refresh(user_id=alice.id)
    assert fault.seen <= 3


@pytest.mark.holds(28)
def test_during_an_outage_20_users_make_few_calls_and_recover(
    make_manager: MakeManager, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager()
    people = [cloud.add_person(f"Person {number}") for number in range(20)]
    for person in people:
        log_in(cloud, manager, person)
        put(manager, expiring(stored(manager, person), -1))
    with cloud.faults.token(status=503) as fault:
        for person in people:
            with pytest.raises(TokenServiceUnavailable):
                manager.get_user_context_and_refresh(user_id=person.id)
    assert fault.seen <= 3
    monkeypatch.setattr("webex_bot_auth.user_context.backoff.time.monotonic", lambda: float("inf"))
    for person in people:
        assert usable(manager, person)


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
    redis_url: str, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    bot_token = cloud.add_bot("Echo Bot").token
    with RedisTokenManager(bot_token, integration, redis_url=redis_url) as manager:
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        answers = in_processes(
            4, _ask_25_times, alice.id,
            bot_token=bot_token, integration=integration, redis_url=redis_url, rest_base=f"{cloud.url}/v1",
        )  # fmt: skip
        tokens = [token for answer in answers for token in answer]
        assert len(cloud.calls.refreshes()) == 1
        assert tokens == [stored(manager, alice).tokens.access_token] * 100


@pytest.mark.holds(22)
def test_a_holder_that_dies_frees_the_lock(
    redis_url: str, cloud: Sandbox, integration: Integration, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.user_context.redis_server.LOCK_SECONDS", 0.3)
    bot_token = cloud.add_bot("Echo Bot").token
    with (
        RedisTokenManager(bot_token, integration, redis_url=redis_url) as dead,
        RedisTokenManager(bot_token, integration, redis_url=redis_url) as manager,
    ):
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        lock = dead.exclusively(alice.id)
        assert lock.__enter__()  # and never lets go
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
    answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
    with ThreadPoolExecutor(1) as pool, cloud.faults.token(grant="refresh", hang=True) as hanging:
        refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
        hanging.wait()
        manager.process_redirect(**answer)
        newest = stored(manager, alice)
        hanging.clear()
        assert refreshing.result() == newest
    assert stored(manager, alice) == newest


@pytest.mark.holds(32)
@pytest.mark.usefixtures("impatient")
def test_new_tokens_that_could_not_be_stored_are_stored_later(
    cloud: Sandbox, integration: Integration, alice: Person, own_server: RedisServer
) -> None:
    """The old refresh token is dead by then: to forget the new one would log the user out."""
    cloud.oauth.rotate_refresh_token = True
    bot_token = cloud.add_bot("Echo Bot").token
    with (
        RedisTokenManager(bot_token, integration, redis_url=own_server.url) as manager,
        ThreadPoolExecutor(1) as pool,
    ):
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), -1))
        with cloud.faults.token(grant="refresh", hang=True) as hanging:
            refreshing = pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)
            hanging.wait()
            own_server.pause()
            hanging.clear()
            with pytest.raises(StoreUnavailable):
                refreshing.result()
        own_server.resume()
        own_server.client.delete(f"refresh-{alice.id}")  # the lock could not be let go of either
        new = usable(manager, alice)
        assert stored(manager, alice) == new
        assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(32)
def test_new_tokens_that_could_not_be_stored_beside_their_use_are_stored_later(
    cloud: Sandbox, integration: Integration, alice: Person, own_server: RedisServer
) -> None:
    cloud.oauth.rotate_refresh_token = True
    bot_token = cloud.add_bot("Echo Bot").token
    with RedisTokenManager(bot_token, integration, redis_url=own_server.url) as manager:
        log_in(cloud, manager, alice)
        put(manager, expiring(stored(manager, alice), 60))
        with cloud.faults.token(grant="refresh", hang=True) as hanging:
            assert usable(manager, alice)
            hanging.wait()
            own_server.client.config_set("min-replicas-to-write", 1)  # it takes no writes
            hanging.clear()
            wait_until(lambda: not manager._refresher._beside, "the refresh beside has ended")
        own_server.client.config_set("min-replicas-to-write", 0)
        own_server.client.delete(f"refresh-{alice.id}")
        manager._refresher._pauses.succeeded(alice.id)  # a minute later
        assert usable(manager, alice)
        wait_until(lambda: not manager._refresher._beside, "the refresh beside has ended")
        left = stored(manager, alice).tokens.expires_at
        assert left
        assert left > datetime.now(timezone.utc) + timedelta(hours=1)
        assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(27)
def test_a_service_that_never_answers_holds_a_command_for_a_bounded_time(
    manager: TokenManager,
    cloud: Sandbox,
    alice: Person,
    logged_in: UserContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webex_bot_auth.token_endpoint.READ_SECONDS", 0.2)
    put(manager, expiring(logged_in, -1))
    with cloud.faults.token(hang=True), pytest.raises(TokenServiceUnavailable):
        manager.get_user_context_and_refresh(user_id=alice.id)


class TestTokenRefresh:
    def test_it_updates_the_tokens_in_place(
        self, manager: TokenManager, cloud: Sandbox, logged_in: UserContext
    ) -> None:
        tokens = logged_in.tokens.model_copy()
        assert manager.token_refresh(tokens=tokens) is True
        assert tokens.access_token != logged_in.tokens.access_token
        assert tokens.refresh_token == logged_in.tokens.refresh_token

    def test_where_it_fails_the_tokens_stay_as_they_are(
        self, manager: TokenManager, cloud: Sandbox, logged_in: UserContext
    ) -> None:
        tokens = logged_in.tokens.model_copy()
        with cloud.faults.token(status=503):
            assert manager.token_refresh(tokens=tokens) is False
        assert tokens == logged_in.tokens


def test_the_errors_are_the_packages_own() -> None:
    assert issubclass(TokenServiceUnavailable, WebexBotAuthError)
