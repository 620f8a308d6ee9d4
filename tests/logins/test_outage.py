"""While the token service hangs, one person's many messages wait for that person alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.contexts import expiring
from support.refreshing import put, stored
from support.whoami import Whoami

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing import WebexSandbox

MANY = 40  # more than a bot has threads


@pytest.fixture
def long_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token service may hang for longer than a test lasts."""
    for name in ("READ_SECONDS", "TOTAL_SECONDS"):
        monkeypatch.setattr(f"webex_bot_auth.webex.token_endpoint.{name}", 100.0)
    monkeypatch.setattr("webex_bot_auth.logins.refresh.MAX_WAIT", 100.0)


@pytest.mark.holds(47)
@pytest.mark.usefixtures("long_limits")
def test_others_are_answered_while_one_persons_messages_wait(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    for person in (alice, bob):
        bot.log_in(person)
    put(bot.manager, expiring(stored(bot.manager, alice), -1))
    with webex_sandbox.faults.token(grant="refresh", hang=True) as hanging:
        asked = [bot.hears(alice, "whoami") for _ in range(MANY)]
        hanging.wait()
        assert bot.ask(bob, "whoami").text == "You are Bob Brown"
        assert hanging.seen == 1
        hanging.clear()
        for one in asked:
            assert bot.answer_to(one, "You are Alice Adams")


@pytest.mark.holds(28)
def test_who_waited_for_a_refresh_that_failed_does_not_try_again_at_once(
    cloud: Sandbox, alice: Person, manager: TokenManager, logged_in: UserContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("webex_bot_auth.webex.token_endpoint.READ_SECONDS", 0.5)
    monkeypatch.setattr("webex_bot_auth.logins.backoff.FIRST_WAIT", 60.0)
    put(manager, expiring(logged_in, -1))
    with cloud.faults.token(grant="refresh", hang=True) as hanging, ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(manager.get_user_context_and_refresh, user_id=alice.id)]
        hanging.wait()
        asked.append(pool.submit(manager.get_user_context_and_refresh, user_id=alice.id))
        for one in asked:
            with pytest.raises(TokenServiceUnavailable):
                one.result()
        assert hanging.seen == 1
