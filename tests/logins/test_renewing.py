"""Webex answers 401 to an access token: one refresh is tried before the login counts as lost."""

from __future__ import annotations

import pytest
from support.contexts import expiring
from support.refreshing import put, stored, usable
from wxc_sdk.tokens import Tokens

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox

pytestmark = pytest.mark.holds(28)


@pytest.mark.parametrize("seconds", [3600, 60, -1])
def test_a_refused_token_is_refreshed_whatever_its_date_says(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, seconds: float
) -> None:
    refused = put(manager, expiring(logged_in, seconds))
    new = renew(manager, refused)
    assert new
    assert new.tokens.access_token != refused.tokens.access_token
    assert stored(manager, alice) == usable(manager, alice) == new
    assert len(cloud.calls.refreshes()) == 1


def test_where_another_token_is_stored_by_now_that_is_used(
    manager: TokenManager, cloud: Sandbox, logged_in: UserContext
) -> None:
    new = renew(manager, logged_in)
    assert renew(manager, logged_in) == new
    assert len(cloud.calls.refreshes()) == 1


def test_another_stored_token_that_has_expired_is_refreshed(
    manager: TokenManager, cloud: Sandbox, logged_in: UserContext
) -> None:
    refused = logged_in.with_tokens(Tokens(access_token="older", refresh_token="older"))
    put(manager, expiring(logged_in, -1))
    new = renew(manager, refused)
    assert new
    assert new.tokens.access_token not in ("older", logged_in.tokens.access_token)


def test_a_token_that_was_refreshed_and_is_refused_is_refreshed_once_more(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    first = renew(manager, logged_in)
    assert first
    second = renew(manager, first)
    assert second
    assert len({one.tokens.access_token for one in (logged_in, first, second)}) == 3
    assert len(cloud.calls.refreshes()) == 2


def test_a_refresh_that_gives_the_refused_token_again_is_not_repeated(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    cloud.oauth.refresh_returns_same_token = True
    for _ in range(5):
        assert renew(manager, logged_in) is None
    assert len(cloud.calls.refreshes()) == 1
    assert stored(manager, alice).tokens.access_token == logged_in.tokens.access_token


def test_a_refused_refresh_drops_the_record(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    cloud.revoke_person(alice)
    assert renew(manager, logged_in) is None
    assert manager.get_user_context(user_id=alice.id) is None
    assert renew(manager, logged_in) is None
    assert len(cloud.calls.refreshes()) == 1


def test_without_a_refresh_token_the_record_is_dropped_without_a_call(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    logged_in.tokens.refresh_token = None
    assert renew(manager, put(manager, logged_in)) is None
    assert manager.get_user_context(user_id=alice.id) is None
    assert cloud.calls.refreshes() == []


def test_a_passing_fault_drops_nothing(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    with cloud.faults.token(status=503), pytest.raises(TokenServiceUnavailable):
        renew(manager, logged_in)
    assert stored(manager, alice) == logged_in


def test_who_has_logged_out_is_not_refreshed(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext
) -> None:
    manager.logout(user_id=alice.id)
    assert renew(manager, logged_in) is None
    assert cloud.calls.refreshes() == []


def renew(manager: TokenManager, context: UserContext) -> UserContext | None:
    return manager.refresher.renew(context)
