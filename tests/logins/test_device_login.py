"""Login with the device grant, which needs no redirect address: people confirm a code at Webex."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS, pattern

from webex_bot_auth.sandbox import Message, Person, Sandbox, open_url
from webex_bot_auth.testing import RunningBot, WebexSandbox


@pytest.fixture
def cloud(webex_sandbox: WebexSandbox) -> WebexSandbox:
    webex_sandbox.oauth.device_interval = 1
    return webex_sandbox


@pytest.fixture
def device_manager(either_manager: Make) -> Make:
    return functools.partial(either_manager, login_flow="device")


def decide(bot: RunningBot, card: Message, person: Person, *, deny: bool = False) -> None:
    """What a person does on the page that the card's button opens."""
    assert f"userCode={code_on(card)}" in open_url(card.card)
    assert bot.press_login(card, person, deny=deny).status_code == 200


def code_on(card: Message) -> str:
    found = pattern(TEXTS.device_code, code="[A-Z]{4}-[A-Z]{4}").search(str(card.card))
    assert found
    return found["code"]


def test_the_command_runs_after_the_code_is_confirmed(cloud: WebexSandbox, device_manager: Make) -> None:
    bot = cloud.run(Whoami, manager=device_manager)
    alice = cloud.add_person("Alice Adams")
    team = bot.group(alice)
    asked = bot.hears(alice, "whoami", room=team)
    card = bot.login_card(alice)
    told = TEXTS.device_without_cards.format(address=open_url(card.card), code=code_on(card))
    assert card.text.endswith(told)
    assert code_on(card) not in str(cloud.messages(team))
    decide(bot, card, alice)
    assert bot.answer_to(asked, "You are Alice Adams").parent == asked
    assert bot.ask(alice, "whoami").text == "You are Alice Adams"
    assert cloud.calls.to("/v1/access_token") == []


def test_after_a_refusal_the_person_gets_a_message(cloud: WebexSandbox, device_manager: Make) -> None:
    bot = cloud.run(Whoami, manager=device_manager)
    alice = cloud.add_person("Alice Adams")
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    decide(bot, card, alice, deny=True)
    assert bot.answer_to(card).text == TEXTS.refused
    assert bot.manager.get_user_context(user_id=alice.id) is None


@pytest.mark.holds(5)
def test_the_login_of_another_person_is_not_accepted(cloud: WebexSandbox, device_manager: Make) -> None:
    bot = cloud.run(Whoami, manager=device_manager)
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    decide(bot, card, bob)
    again = bot.login_card(alice, after=card)
    assert TEXTS.someone_else in again.text
    assert "Bob" not in f"{again.text}{again.card}"
    for person in (alice, bob):
        assert bot.manager.get_user_context(user_id=person.id) is None


def test_it_polls_less_often_when_webex_asks_for_that_and_continues_after_a_fault(
    cloud: WebexSandbox, device_manager: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.logins.device_polling.SLOW_DOWN_SECONDS", 0.5)
    bot = cloud.run(Whoami, manager=device_manager)
    alice = cloud.add_person("Alice Adams")
    card = bot.login_card(alice, after=bot.hears(alice, "login"))
    cloud.oauth.device_interval = 2  # the flow of the card polls every second, which is too often now
    with cloud.faults.rest("/v1/device/token", times=1, status=503) as fault:
        fault.wait()
    decide(bot, card, alice)
    assert bot.answer_to(card).text == TEXTS.logged_in.format(name="Alice Adams")


def test_an_expired_code_ends_the_flow_and_a_new_one_can_be_requested(
    cloud: WebexSandbox, device_manager: Make
) -> None:
    bot = cloud.run(Whoami, manager=device_manager)
    alice = cloud.add_person("Alice Adams")
    asked = bot.hears(alice, "login")
    card = bot.login_card(alice, after=asked)
    cloud.pass_time(301)
    again = bot.login_card(alice, after=bot.hears(alice, "login"))
    decide(bot, again, alice)
    assert bot.answer_to(again).text == TEXTS.logged_in.format(name="Alice Adams")
    assert code_on(again) != code_on(card)


def test_where_webex_gives_no_code_the_person_gets_a_message(
    cloud: WebexSandbox, device_manager: Make
) -> None:
    bot = cloud.run(Whoami, manager=device_manager)
    alice = cloud.add_person("Alice Adams")
    for fault, told in (({"status": 503}, TEXTS.webex_down), ({"status": 401}, TEXTS.not_set_up)):
        with cloud.faults.rest("/v1/device/authorize", **fault):
            for command in ("whoami", "login"):
                assert bot.ask(alice, command).text == told


def test_a_process_that_starts_later_polls_for_a_flow_of_another_process(
    cloud: WebexSandbox, redis_manager: Make
) -> None:
    """The first manager starts the login and dies; the bot's second process takes over."""
    alice = cloud.add_person("Alice Adams")

    def make(bot_token: str, integration: Any) -> Any:
        with redis_manager(bot_token, integration, login_flow="device") as first:
            first.asking.ask(alice.id)  # and nothing more, as its agenda is not looked at
        return redis_manager(bot_token, integration, login_flow="device")

    bot = cloud.run(Whoami, manager=make)
    card = bot.login_card(alice)
    decide(bot, card, alice)
    assert bot.answer_to(card).text == TEXTS.logged_in.format(name="Alice Adams")


def test_it_needs_no_redirect_address(device_manager: Make, cloud: Sandbox) -> None:
    integration = cloud.integration()
    integration.redirect_url = ""
    with device_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        assert manager.request_login(user_id=cloud.add_person("Alice Adams").id)
