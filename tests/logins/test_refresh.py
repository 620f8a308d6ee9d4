"""Access tokens that are usable now, with few calls."""

from __future__ import annotations

import pytest
from support.contexts import expiring
from support.makers import Make
from support.minimal_manager import MinimalTokenManager
from support.refreshing import put, stored, usable, wait_for_refresh
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import log_in


def test_who_is_not_logged_in_has_no_context(manager: TokenManager) -> None:
    assert manager.get_user_context_and_refresh(user_id="alice") is None


def test_a_valid_token_is_used_as_it_is(
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


def test_a_manager_that_brings_three_methods_alone_refreshes_and_remembers(
    yaml_manager: Make, cloud: Sandbox, alice: Person, integration: Integration
) -> None:
    with yaml_manager("token", integration) as other:
        log_in(cloud, other, alice)
        expired = expiring(stored(other, alice), -1)

    class Minimal(MinimalTokenManager):
        def get_user_context(self, *, user_id: str) -> UserContext:
            return expired.copied()

    with Minimal("token", integration) as manager:
        new = usable(manager, alice)
        assert new.tokens.access_token != expired.tokens.access_token
        assert usable(manager, alice) == new
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
def test_a_token_that_expires_soon_is_used_and_refreshed_once_in_the_background(
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
