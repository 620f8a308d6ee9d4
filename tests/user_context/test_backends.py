"""The contract that every backend passes, with and without encryption."""

from __future__ import annotations

import pytest
from support.makers import Make
from support.redis_stores import events_of
from wxc_sdk.integration import Integration

from webex_bot_auth import UserContext
from webex_bot_auth.testing.contract import TokenManagerContract
from webex_bot_auth.testing.sample_contexts import context

KINDS = [f"{name}{how}" for name in ("yaml", "redis", "sqlite", "postgres") for how in ("", "-encrypted")]


@pytest.mark.parametrize("every_manager", KINDS, indirect=True)
class TestBackends(TokenManagerContract):
    @pytest.fixture
    def make_manager(self, every_manager: Make) -> Make:
        return every_manager


@pytest.mark.holds(33)
def test_after_a_restart_redis_knows_what_was_handled(redis_manager: Make, integration: Integration) -> None:
    with redis_manager("token", integration) as before:
        assert events_of(before).claim("event", "alice")
    with redis_manager("token", integration) as after:
        assert not events_of(after).claim("event", "alice")
        assert events_of(after).claim("another", "alice")


def test_contexts_are_the_specifications() -> None:
    assert UserContext.model_validate_json(context("alice").model_dump_json()) == context("alice")
