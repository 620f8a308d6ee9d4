"""Nothing grows for ever: people who come once leave nothing behind. benchmarks/memory.py has a million."""

from __future__ import annotations

import logging
import tracemalloc
from itertools import count

import pytest
from support.growth import VISITS, BottomlessStore, Visit, bytes_held
from wxc_sdk.tokens import Tokens

from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.refresh import Refresher
from webex_bot_auth.signals import Announcer
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.stores.memory import MemoryFlowStore

#: limits of what is kept, and what they are here, so that few people are enough to reach them
LIMITS = {
    "webex_bot_auth.commands.events.MAX_SEEN": 500,
    "webex_bot_auth.logins.backoff.MAX_KEYS": 100,
    "webex_bot_auth.logins.refresh.MAX_UNSAVED": 50,
    "webex_bot_auth.logins.contexts.CACHED_CONTEXTS": 50,
    "webex_bot_auth.logins.contexts.REMEMBERED_KEYS": 50,
    "webex_bot_auth.user_context.minimal_managers.MAX_REMEMBERED": 100,
}
PEOPLE = 1500


@pytest.mark.slow
@pytest.mark.holds(49)
@pytest.mark.parametrize("kind", VISITS)
def test_people_who_come_once_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.CRITICAL, "webex_bot_auth")  # else pytest keeps what is logged
    for name, limit in LIMITS.items():
        monkeypatch.setattr(name, limit)
    visit: Visit = VISITS[kind]()
    tracemalloc.start()
    try:
        bytes_held(visit, range(PEOPLE))  # until the limits are reached
        assert bytes_held(visit, range(PEOPLE, 3 * PEOPLE)) < 10 * 2 * PEOPLE  # an entry has at least 100
    finally:
        tracemalloc.stop()


@pytest.mark.holds(49)
def test_tokens_that_could_not_be_stored_are_not_lost_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store takes nothing, no more tokens are refreshed than can be kept; then it goes on."""
    monkeypatch.setattr("webex_bot_auth.logins.refresh.MAX_UNSAVED", 3)
    made, users = count(), BottomlessStore()

    def new_tokens(_: Tokens) -> Tokens:
        return Tokens(access_token=f"new {next(made)}", refresh_token="r")

    refresher = Refresher(Contexts(users, Records()), Leases(MemoryFlowStore()), new_tokens, Announcer(None))
    users.refuses = True
    for number in range(10):
        with pytest.raises(StoreUnavailable):
            refresher.usable(f"user {number}")
    users.refuses = False
    refreshed = refresher.usable("user 99")
    assert refreshed
    assert refreshed.tokens.access_token == "new 3"
