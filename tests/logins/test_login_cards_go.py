"""Login cards: a person has one at most, and it goes when the login has ended or expired."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.makers import Make, MakeManager
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.logins.pending import Pending
from webex_bot_auth.models import FlowState, Outcome, ShownCard
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox

DELETES = "DELETE"


def cards(bot: RunningBot, person: Person) -> list[Message]:
    """The login cards that the person sees now."""
    return [message for message in bot.sandbox.messages(bot.direct(person)) if message.card]


def only(bot: RunningBot, person: Person, *expected: Message) -> None:
    wait_until(lambda: cards(bot, person) == list(expected), f"{len(expected)} cards are left")


def press(bot: RunningBot, card: Message, person: Person) -> None:
    assert bot.press_login(card, person).status_code == 200


def refuse(bot: RunningBot, card: Message, person: Person) -> None:
    assert bot.press_login(card, person, deny=True).status_code == 403


def fail_for_the_settings(bot: RunningBot, card: Message, person: Person) -> None:
    bot.manager.integration.client_secret = "wrong"
    assert bot.press_login(card, person).status_code == 502


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (press, TEXTS.command_runs.format(name="Alice Adams", command="whoami")),
        (refuse, TEXTS.refused),
        (fail_for_the_settings, TEXTS.not_set_up),
    ],
)
def test_a_card_goes_when_its_login_has_ended_and_a_line_says_how(
    cloud: WebexSandbox,
    either_manager: Make,
    alice: Person,
    end: Callable[[RunningBot, Message, Person], None],
    told: str,
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    end(bot, card, alice)
    assert bot.answer_to(card).text == told
    only(bot, alice)


def test_a_command_that_waited_for_a_refused_login_does_not_run_after_the_next_one(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami first"))
    refuse(bot, card, alice)
    refused = bot.answer_to(card, TEXTS.refused)
    press(bot, bot.login_card(alice, after=bot.hears(alice, "whoami second")), alice)
    assert bot.answer_to(refused, "You are Alice Adams second")
    assert "You are Alice Adams first" not in bot.said(alice)


def test_a_newer_card_takes_the_place_of_the_earlier_one(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    bot.manager.request_login(user_id=alice.id)  # the card is remembered as well then
    first = bot.login_card(alice)
    second = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    only(bot, alice, second)
    press(bot, first, alice)  # it was open in the browser already
    only(bot, alice)


def test_after_another_person_signed_in_the_new_card_is_the_only_one(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot, bob = cloud.run(Whoami, manager=either_manager), cloud.add_person("Bob Brown")
    asked = bot.hears(alice, "whoami")
    card = bot.login_card(alice, after=asked)
    assert bot.press_login(card, bob).status_code == 403
    again = bot.login_card(alice, after=card)
    assert TEXTS.someone_else in str(again.card)
    assert TEXTS.use_new_button in str(again.card)
    only(bot, alice, again)
    press(bot, again, alice)
    assert bot.answer_to(again, "You are Alice Adams")  # the command went on waiting
    assert bot.said(bob) == []


def test_the_card_goes_with_a_logout(cloud: WebexSandbox, either_manager: Make, alice: Person) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    bot.log_in(alice)
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    assert bot.answer_to(bot.hears(alice, "logout")).text.startswith(TEXTS.logged_out)
    only(bot, alice)
    assert bot.press_login(card, alice).status_code == 410


def short_lived(make: Make) -> Make:
    # long enough to send a card in time on a busy machine
    return functools.partial(make, flow_lifetime=timedelta(seconds=5))


def test_an_expired_card_goes_and_a_line_says_so(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=short_lived(either_manager))
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.answer_to(card).text == TEXTS.login_expired
    assert cards(bot, alice) == []


def test_a_card_that_expires_while_the_bot_is_down_goes_when_it_is_back(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, alice: Person
) -> None:
    token, make = cloud.add_bot("Echo Bot").token, short_lived(redis_manager)
    with make(token, integration) as first:
        first.request_login(user_id=alice.id)
    card = cloud.wait_for_message(where=lambda message: message.card)
    with make(token, integration) as second:
        assert isinstance(second, RedisTokenManager)
        second.login.watch()  # as register_bot does
        cloud.wait_for_message(card.room, lambda message: message.text == TEXTS.login_expired, after=card)
    assert card not in cloud.messages()


def test_of_two_processes_one_removes_an_expired_card(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, alice: Person
) -> None:
    token, make = cloud.add_bot("Echo Bot").token, short_lived(redis_manager)
    with make(token, integration) as one, make(token, integration) as other:
        other.login.watch()
        one.request_login(user_id=alice.id)
        card = cloud.wait_for_message(where=lambda message: message.card)
        cloud.wait_for_message(card.room, lambda message: message.text == TEXTS.login_expired, after=card)
    assert len(cloud.calls.to(f"/v1/messages/{card.id}", method=DELETES)) == 1
    assert [message.text for message in cloud.messages(card.room)] == [TEXTS.login_expired]


def test_of_two_processes_one_tells_that_a_card_has_expired_however_long_deleting_takes(
    cloud: WebexSandbox,
    redis_manager: Make,
    integration: Integration,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webex_bot_auth.logins.pending.LEASE_SECONDS", 0.1)
    monkeypatch.setattr("webex_bot_auth.logins.login_cards.LOOK_SECONDS", 0.1)
    token, make = cloud.add_bot("Echo Bot").token, short_lived(redis_manager)
    with make(token, integration) as one, make(token, integration) as other:
        other.login.watch()
        with cloud.faults.rest("/v1/messages/", method=DELETES, hang=True) as deleting:
            one.request_login(user_id=alice.id)
            card = cloud.wait_for_message(where=lambda message: message.card)
            wait_until(lambda: deleting.seen == 2, "both processes delete it")
    assert [message.text for message in cloud.messages(card.room)] == [TEXTS.login_expired]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[ShownCard]:
    """Cards that were due when the bot looked for them, which it does often."""
    monkeypatch.setattr("webex_bot_auth.logins.login_cards.LOOK_SECONDS", 0.1)
    due, looked = Pending.next_due_card, list[ShownCard]()

    def look(pending: Pending) -> ShownCard | None:
        if card := due(pending):
            looked.append(card)
        return card

    monkeypatch.setattr(Pending, "next_due_card", look)
    return looked


def test_a_login_that_ends_as_its_card_expires_is_not_called_expired(
    cloud: WebexSandbox, either_manager: Make, alice: Person, looked: list[ShownCard]
) -> None:
    # long enough to press the button in time on a busy machine
    bot = cloud.run(Whoami, manager=functools.partial(either_manager, flow_lifetime=timedelta(seconds=8)))
    bot.manager.request_login(user_id=alice.id)  # the card is remembered as well then
    card = bot.login_card(alice)
    with cloud.faults.rest("/v1/messages", method="POST", hang=True) as welcoming:
        press(bot, card, alice)
        welcoming.wait()
        wait_until(lambda: looked, "the card is due")
    bot.manager.close()  # all has been said then
    only(bot, alice)
    assert TEXTS.login_expired not in bot.said(alice)


def test_a_newer_card_stays_known_when_the_earlier_one_expires(
    either_manager: Make, integration: Integration
) -> None:
    with either_manager("token", integration) as manager:
        earlier, newer = (ShownCard(user_id="alice", message_id=name) for name in ("earlier", "newer"))
        for card, replaced in ((earlier, []), (newer, [earlier])):
            assert manager.pending.show_card("alice", card.message_id) == replaced
        assert not manager.pending.end_expired(earlier)
        assert manager.pending.take_all("alice").cards == [newer]
        assert not manager.pending.end_expired(newer)


def test_a_card_that_cannot_be_deleted_at_the_moment_goes_later(
    cloud: WebexSandbox, either_manager: Make, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.logins.pending.LEASE_SECONDS", 0.5)
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    with cloud.faults.rest(f"/v1/messages/{card.id}", method=DELETES, times=1, status=503) as fault:
        press(bot, card, alice)
        fault.wait()
    only(bot, alice)
    assert TEXTS.login_expired not in bot.said(alice)


def test_a_person_is_told_once_that_a_card_has_expired_however_long_deleting_takes(
    cloud: WebexSandbox, either_manager: Make, alice: Person, looked: list[ShownCard],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("webex_bot_auth.logins.pending.LEASE_SECONDS", 0.1)
    bot = cloud.run(Whoami, manager=short_lived(either_manager))
    with cloud.faults.rest("/v1/messages/", method=DELETES, hang=True):
        card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
        wait_until(lambda: len(looked) > 3, "the card is due again and again")
    assert bot.answer_to(card).text == TEXTS.login_expired
    bot.manager.close()  # all has been said then
    assert bot.said(alice).count(TEXTS.login_expired) == 1


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the logins that were begun, in their order."""
    flows, start = list[str](), Pending.start

    def noted(pending: Pending, flow: FlowState) -> str:
        flows.append(start(pending, flow))
        return flows[-1]

    monkeypatch.setattr(Pending, "start", noted)
    return flows


def test_a_card_that_was_used_before_it_could_be_remembered_goes(
    cloud: WebexSandbox, make_manager: MakeManager, alice: Person, flows: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    manager, show_card = make_manager(), Pending.show_card

    def used_before(pending: Pending, *given: Any) -> list[ShownCard]:
        assert manager.finish_login(flow_id=flows[-1], error="access_denied").outcome is Outcome.REFUSED
        return show_card(pending, *given)

    monkeypatch.setattr(Pending, "show_card", used_before)
    manager.request_login(user_id=alice.id)
    cloud.wait_for_message(where=lambda message: message.text == TEXTS.refused)
    wait_until(lambda: not any(message.card for message in cloud.messages()), "no card is left")


def test_a_card_that_is_remembered_late_leaves_the_newer_one(
    cloud: WebexSandbox, make_manager: MakeManager, alice: Person, flows: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    manager, show_card = make_manager(), Pending.show_card

    def later(pending: Pending, *given: Any) -> list[ShownCard]:
        if len(flows) == 1:  # the person refuses, and asks again
            assert manager.finish_login(flow_id=flows[0], error="access_denied").outcome is Outcome.REFUSED
            manager.request_login(user_id=alice.id)
        return show_card(pending, *given)

    monkeypatch.setattr(Pending, "show_card", later)
    manager.request_login(user_id=alice.id)
    older, newer = [message for message in cloud.messages() if message.card]
    wait_until(lambda: older not in cloud.messages(), "the older card is gone")
    manager.close()  # all has been said and deleted then
    assert newer in cloud.messages()
    assert manager.pending.take_all(alice.id).cards == [ShownCard(user_id=alice.id, message_id=newer.id)]
