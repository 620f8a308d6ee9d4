"""Login cards: a person has one at most, and it goes when the login has ended or expired."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from support.makers import Make, MakeManager
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS
from wxc_sdk.integration import Integration

from webex_bot_auth.chat.direct_messages import DirectMessages
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.desks import TIDY
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.stores.agenda import Agenda
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
    with (
        make(token, integration) as second,
        closing(Agenda(second.desks.flows, {TIDY: second.ending}, Turn())),  # as register_bot does
    ):
        cloud.wait_for_message(card.room, lambda message: message.text == TEXTS.login_expired, after=card)
    assert card not in cloud.messages()


def test_of_two_processes_one_removes_an_expired_card(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, alice: Person
) -> None:
    token, make = cloud.add_bot("Echo Bot").token, short_lived(redis_manager)
    with make(token, integration) as one, make(token, integration) as other:
        one.request_login(user_id=alice.id)
        card = cloud.wait_for_message(where=lambda message: message.card)
        with closing(Agenda(other.desks.flows, {TIDY: other.ending}, Turn())):
            cloud.wait_for_message(card.room, lambda message: message.text == TEXTS.login_expired, after=card)
    assert len(cloud.calls.to(f"/v1/messages/{card.id}", method=DELETES)) == 1
    assert [message.text for message in cloud.messages(card.room)] == [TEXTS.login_expired]


def test_a_card_that_cannot_be_deleted_at_the_moment_goes_later(
    cloud: WebexSandbox, either_manager: Make, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.logins.desk.TIDY_SECONDS", 0.5)
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    with cloud.faults.rest(f"/v1/messages/{card.id}", method=DELETES, times=1, status=503) as fault:
        press(bot, card, alice)
        fault.wait()
    only(bot, alice)
    assert TEXTS.login_expired not in bot.said(alice)


def test_a_card_that_was_used_before_it_could_be_noted_goes(
    cloud: WebexSandbox, make_manager: MakeManager, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, send = make_manager(), DirectMessages.send

    def used_at_once(messages: DirectMessages, person_id: str, text: str, card: Any = None) -> str | None:
        message_id = send(messages, person_id, text, card)
        if card:
            (flow,) = manager.desks.read(alice.id).desk.flows
            assert manager.finish_login(flow_id=flow.id, error="access_denied").outcome is Outcome.REFUSED
        return message_id

    monkeypatch.setattr(DirectMessages, "send", used_at_once)
    manager.request_login(user_id=alice.id)
    cloud.wait_for_message(where=lambda message: message.text == TEXTS.refused)
    wait_until(lambda: not any(message.card for message in cloud.messages()), "no card is left")
