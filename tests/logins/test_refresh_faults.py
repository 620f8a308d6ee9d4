"""A refresh that Webex refuses, or that fails for now: nothing is lost, and few calls are made."""

from __future__ import annotations

import contextlib
import gc
import logging
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from support.contexts import expiring
from support.growth import BottomlessStore
from support.makers import MakeManager
from support.redis_server import RedisServer
from support.refreshing import put, stored, usable, wait_for_refresh
from support.waiting import wait_until
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext, WebexBotAuthError
from webex_bot_auth.errors import (
    ClientRefused,
    GrantRefused,
    StoreUnavailable,
    TokenServiceError,
    TokenServiceUnavailable,
)
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.refresh import Refresher
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.signals import Announcer
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.testing.redirects import log_in


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
    assert "integration.client_id, client_secret" in caplog.text


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
    start = time.monotonic()
    monkeypatch.setattr("webex_bot_auth.logins.backoff.time", SimpleNamespace(monotonic=lambda: start))
    with cloud.faults.token(status=503) as fault:
        for person in people:
            with pytest.raises(TokenServiceUnavailable):
                manager.get_user_context_and_refresh(user_id=person.id)
    assert fault.seen <= 3
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600)
    monkeypatch.setattr("webex_bot_auth.logins.backoff.time", later)
    for person in people:
        assert usable(manager, person)


@pytest.mark.holds(32)
def test_new_tokens_that_could_not_be_stored_are_stored_later(
    cloud: Sandbox, integration: Integration, alice: Person, own_server: RedisServer
) -> None:
    """The old refresh token is no longer valid: without the new one the user would be logged out."""
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
        own_server.client.delete(f"refresh-{alice.id}")  # the lease could not be given back either
        new = usable(manager, alice)
        assert stored(manager, alice) == new
        assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(32)
def test_new_tokens_of_a_refresh_in_the_background_that_could_not_be_stored_are_stored_later(
    cloud: Sandbox,
    integration: Integration,
    alice: Person,
    own_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
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
            wait_until(
                lambda: "refresh in the background: user" in caplog.text, "the refresh fails to be stored"
            )
        own_server.client.config_set("min-replicas-to-write", 0)
        own_server.client.delete(f"refresh-{alice.id}")
        in_an_hour = datetime.now(timezone.utc) + timedelta(hours=1)

        def is_stored() -> bool:
            left = usable(manager, alice).tokens.expires_at
            return left is not None and left > in_an_hour

        wait_until(is_stored, "the new tokens are stored")
        assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(27)
def test_a_command_waits_for_a_service_that_never_answers_for_a_bounded_time(
    manager: TokenManager,
    cloud: Sandbox,
    alice: Person,
    logged_in: UserContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webex_bot_auth.webex.token_endpoint.READ_SECONDS", 0.2)
    put(manager, expiring(logged_in, -1))
    with cloud.faults.token(hang=True), pytest.raises(TokenServiceUnavailable):
        manager.get_user_context_and_refresh(user_id=alice.id)


@pytest.mark.holds(49)
@pytest.mark.parametrize("error", [GrantRefused, TokenServiceUnavailable])
def test_a_refresh_that_fails_keeps_nothing_in_memory(
    error: type[TokenServiceError], caplog: pytest.LogCaptureFixture
) -> None:
    """An error refers to what was there when it was raised, such as connections."""
    caplog.set_level(logging.CRITICAL, "webex_bot_auth")  # else pytest keeps it
    users: list[weakref.ref[BottomlessStore]] = []

    def new_tokens(_: Tokens) -> Tokens:
        users.append(weakref.ref(of_this_call := BottomlessStore()))
        raise error(error=str(of_this_call.refuses))

    contexts, leases = Contexts(BottomlessStore(), Records()), Leases(MemoryFlowStore())
    refresher = Refresher(contexts, leases, new_tokens, Announcer(None))
    gc.disable()
    try:
        with contextlib.suppress(TokenServiceUnavailable):
            assert refresher.usable("alice") is None
        assert [one() for one in users] == [None]
    finally:
        gc.enable()


def test_the_errors_are_the_packages_own() -> None:
    assert issubclass(TokenServiceUnavailable, WebexBotAuthError)
