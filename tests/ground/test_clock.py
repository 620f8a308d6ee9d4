"""The system's clock jumps by days: within a process, expiry and counters follow the time that passes."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

import pytest
from support.contexts import expiring
from support.refreshing import put, stored
from wxc_sdk.tokens import Tokens

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.webex.token_endpoint import parse_tokens

Jump = Callable[[], None]


@pytest.fixture(params=[-3, 3], ids=["back", "forth"])
def jump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Sets the clock of this process back or forth by three days."""
    days = datetime.timedelta(days=request.param)
    real = time.time

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return super().now(tz) + days

    def set_clock() -> None:
        monkeypatch.setattr(time, "time", lambda: real() + days.total_seconds())
        monkeypatch.setattr(datetime, "datetime", Shifted)

    return set_clock


@pytest.mark.holds(51)
def test_tokens_expire_when_their_time_has_passed(
    manager: TokenManager, cloud: Sandbox, alice: Person, logged_in: UserContext, jump: Jump
) -> None:
    valid, expired = expiring(logged_in, 3600), expiring(logged_in, -1)
    jump()
    put(manager, valid)
    assert manager.get_user_context_and_refresh(user_id=alice.id) == valid
    assert cloud.calls.refreshes() == []
    put(manager, expired)
    for _ in range(2):  # what a refresh gives is valid
        refreshed = manager.get_user_context_and_refresh(user_id=alice.id)
        assert refreshed
        assert refreshed.tokens.access_token != expired.tokens.access_token
    assert len(cloud.calls.refreshes()) == 1


@pytest.mark.holds(51)
def test_logins_under_way_and_waiting_commands_last_as_long_as_before(
    manager: TokenManager, cloud: Sandbox, alice: Person, jump: Jump
) -> None:
    manager.asking.ask(alice.id, command=waiting(alice.id))
    url = manager.asking.url(alice.id)
    jump()
    assert manager.finish_login(**came_back(cloud, url, alice)).outcome is Outcome.DONE
    assert released(manager, alice.id) == ["echo"]
    assert stored(manager, alice)


@pytest.mark.holds(51)
def test_new_tokens_expire_by_the_same_clock(jump: Jump) -> None:
    before: Tokens = parse_tokens(b'{"access_token": "a", "expires_in": 60, "refresh_token_expires_in": 90}')
    jump()
    after = parse_tokens(b'{"access_token": "a", "expires_in": 60, "refresh_token_expires_in": 90}')
    for name in ("expires_at", "refresh_token_expires_at"):
        assert getattr(after, name) - getattr(before, name) < datetime.timedelta(hours=1)
        assert getattr(after, name) >= getattr(before, name)
