"""Login without an address of one's own: the same guard and commands, with a code to confirm at Webex."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from support.makers import Make
from support.world import Whoami, World

from webex_bot_auth.sandbox import Message, Person, Sandbox, open_url

RunWorld = Callable[..., World]


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    with Sandbox() as cloud, cloud.clients():
        cloud.oauth.device_interval = 1
        yield cloud


@pytest.fixture
def device_manager(either_manager: Make) -> Make:
    return functools.partial(either_manager, login_flow="device")


def decide(cloud: Sandbox, card: Message, person: Person, decision: str = "approve") -> None:
    """What a person does on the page that the card's button opens."""
    code = code_on(card)
    assert f"userCode={code}" in open_url(card.card)
    form = {"user_code": code, "person": person.id, "decision": decision}
    assert requests.post(f"{cloud.url}/device", data=form, timeout=10).status_code == 200


def code_on(card: Message) -> str:
    found = re.search(r"Code: ([A-Z]{4}-[A-Z]{4})", str(card.card))
    assert found
    return found[1]


def test_the_command_runs_after_the_code_is_confirmed(
    run_world: RunWorld, device_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(device_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    team = world.group(alice)
    asked = cloud.say(alice, team, "whoami", to=world.echo)
    card = world.login_card(alice)
    assert card.text == f"Please log in: open {open_url(card.card)} and enter the code {code_on(card)}."
    assert code_on(card) not in str(cloud.messages(team))
    decide(cloud, card, alice)
    assert world.answer(asked, lambda message: message.text == "You are Alice Adams").parent == asked
    assert world.ask(alice, "whoami").text == "You are Alice Adams"
    assert cloud.calls.to("/v1/access_token") == []


def test_a_refusal_is_told(run_world: RunWorld, device_manager: Make, cloud: Sandbox) -> None:
    world = run_world(device_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    decide(cloud, card, alice, "deny")
    assert "did not give the permission" in world.answer(card).text
    assert world.manager.get_user_context(user_id=alice.id) is None


@pytest.mark.holds(5)
def test_somebody_elses_login_is_not_accepted(
    run_world: RunWorld, device_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(device_manager, Whoami)
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    decide(cloud, card, bob)
    told = world.answer(card).text
    assert "Somebody else signed in" in told
    assert "Bob" not in told
    for person in (alice, bob):
        assert world.manager.get_user_context(user_id=person.id) is None


def test_it_asks_less_often_when_told_so_and_goes_on_after_a_fault(
    run_world: RunWorld, device_manager: Make, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.user_context.device_poller.SLOW_DOWN_SECONDS", 0.5)
    world = run_world(device_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    cloud.oauth.device_interval = 2  # what the card's flow knows is 1: the next polls come too soon
    with cloud.faults.rest("/v1/device/token", times=1, status=503) as fault:
        fault.wait()
    decide(cloud, card, alice)
    assert world.answer(card).text == "You are logged in as Alice Adams."


def test_an_expired_code_ends_the_flow_and_a_new_one_can_be_had(
    run_world: RunWorld, device_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(device_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    asked = cloud.say(alice, world.direct(alice), "login")
    card = world.login_card(alice, after=asked)
    cloud.pass_time(301)
    again = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "login"))
    decide(cloud, again, alice)
    assert world.answer(again).text == "You are logged in as Alice Adams."
    assert code_on(again) != code_on(card)


def test_where_webex_gives_no_code_the_person_hears_so(
    run_world: RunWorld, device_manager: Make, cloud: Sandbox
) -> None:
    world = run_world(device_manager, Whoami)
    alice = cloud.add_person("Alice Adams")
    for fault, words in (({"status": 503}, "does not answer at the moment"), ({"status": 401}, "not set up")):
        with cloud.faults.rest("/v1/device/authorize", **fault):
            for command in ("whoami", "login"):
                assert words in world.ask(alice, command).text


def test_a_process_that_comes_later_polls_for_what_another_one_started(
    run_world: RunWorld, redis_manager: Make, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first manager starts the login and dies; the bot's second process takes over."""
    alice = cloud.add_person("Alice Adams")

    def make(bot_token: str, integration: Any) -> Any:
        with monkeypatch.context() as dead:
            dead.setattr("webex_bot_auth.user_context.stored.DevicePoller", NoPoller)
            first = redis_manager(bot_token, integration, login_flow="device")
            first.request_login(user_id=alice.id)
            first.close()
        return redis_manager(bot_token, integration, login_flow="device")

    world = run_world(make, Whoami)
    card = world.login_card(alice)
    decide(cloud, card, alice)
    assert world.answer(card).text == "You are logged in as Alice Adams."


class NoPoller:
    def __init__(self, *_: Any) -> None: ...

    def close(self) -> None: ...


def test_of_two_processes_one_polls_for_a_flow(redis_manager: Make, cloud: Sandbox) -> None:
    integration, bot_token = cloud.integration(), cloud.add_bot("Echo Bot").token
    with redis_manager(bot_token, integration) as one, redis_manager(bot_token, integration) as other:
        flow_id = one.start_flow(user_id="alice")
        one._pending.poll_later(flow_id, 0)
        due = [manager._pending.next_due() for manager in (one, other, one)]
        assert [found and found[0] for found in due] == [flow_id, None, None]


def test_it_needs_no_redirect_address(device_manager: Make, cloud: Sandbox) -> None:
    integration = cloud.integration()
    integration.redirect_url = ""
    with device_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        assert manager.login_flow == "device"
