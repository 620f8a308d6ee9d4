"""examples/call_bot.py: dial, answer and hang up by chat, with the token of the person who writes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from call_bot import SCOPES, Answer, Dial, HangUp, phone

from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

READ_AND_WRITE = ["spark:calls_read", "spark:calls_write"]
CALLS = "/v1/telephony/calls"


@pytest.fixture
def bot(webex_sandbox: WebexSandbox) -> Iterator[RunningBot]:
    with phone(webex_sandbox):
        yield webex_sandbox.run(Dial, Answer, HangUp, scopes=SCOPES, login_scopes=["spark:people_read"])


def posted(webex_sandbox: WebexSandbox, person: Person) -> list[tuple[str, object]]:
    """What was asked of the telephony with this person's token: the action and its body."""
    calls = [call for call in webex_sandbox.calls if call.method == "POST" and call.path.startswith(CALLS)]
    assert all(call.person is person for call in calls)
    return [(call.path.removeprefix(f"{CALLS}/"), json.loads(call.body)) for call in calls]


def test_dial_asks_for_the_permission_to_call_and_then_calls(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    asked = bot.hears(alice, "dial +12125550100")
    card = bot.login_card(alice)
    assert "needs your permission to place calls" in str(card.card)
    bot.press_login(card, alice)
    assert bot.answer_to(asked, "Pick it up, and it calls +12125550100.")
    assert posted(webex_sandbox, alice) == [("dial", {"destination": "+12125550100"})]
    context = bot.manager.get_user_context(user_id=alice.id)
    assert context
    assert set((context.tokens.scope or "").split()) == {"spark:people_read", "spark:calls_write"}


def test_dial_without_a_number_says_what_to_write(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    bot.log_in(alice, scopes=["spark:calls_write"])
    assert "dial +12125550100" in bot.ask(alice, "dial").text
    assert posted(webex_sandbox, alice) == []


def test_answer_takes_the_call_that_rings_and_hang_up_ends_the_other(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    bot.log_in(alice, scopes=READ_AND_WRITE)
    assert bot.ask(alice, "answer").text == "You talk to Bob Brown."
    assert bot.ask(alice, "hang up").text == "Ended: Carol."
    assert posted(webex_sandbox, alice) == [("answer", {"callId": "in"}), ("hangup", {"callId": "out"})]


def test_without_calls_there_is_nothing_to_do(
    bot: RunningBot, webex_sandbox: WebexSandbox, alice: Person
) -> None:
    bot.log_in(alice, scopes=READ_AND_WRITE)
    with webex_sandbox.answer(CALLS, json={"items": []}):
        assert bot.ask(alice, "answer").text == "Nobody calls you at the moment."
        assert bot.ask(alice, "hang up").text == "There is no call to end."
    assert posted(webex_sandbox, alice) == []
