"""Commands that wait for a login: up to five of a person, which run in their order, each once."""

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest
import requests
from support.makers import Make, MakeManager
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins import desk
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Message, Person
from webex_bot_auth.testing import RunningBot, WebexSandbox
from webex_bot_auth.testing.contract.resuming import waiting
from webex_bot_auth.testing.redirects import came_back


class Alone(Whoami):
    """Fails where another command of the same person runs at the same time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.busy = threading.Lock()

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        assert self.busy.acquire(blocking=False), "two at a time"
        try:
            return super().execute(message, attachment_actions, activity)
        finally:
            self.busy.release()


class Held(Whoami):
    """Runs until it may end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entered, self.may_end = threading.Event(), threading.Event()

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        self.entered.set()
        assert self.may_end.wait(60)
        return super().execute(message, attachment_actions, activity)


def ask_each(bot: RunningBot, person: Person, *words: str) -> Message:
    """Send the messages one after the other; the last one's login card."""
    for word in words:
        card = bot.login_card(person, after=bot.hears(person, f"whoami {word}"))
    return card


def answers(bot: RunningBot, person: Person) -> list[str]:
    return [text for text in bot.said(person) if text.startswith("You are Alice Adams ")]


def test_of_six_commands_five_run_in_their_order_and_the_person_is_told_of_the_sixth(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Alone, manager=either_manager)
    card = ask_each(bot, alice, "1", "2", "3", "4", "5", "6")
    assert bot.said(alice).count(TEXTS.command_dropped.format(command="whoami")) == 1
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 6")
    assert answers(bot, alice) == [f"You are Alice Adams {number}" for number in (2, 3, 4, 5, 6)]
    assert TEXTS.command_runs.format(name="Alice Adams", command="whoami") in bot.said(alice)


@pytest.mark.parametrize("restart", ["before the login", "after the login"])
def test_over_a_restart_each_runs_once_on_one_of_two_machines_in_their_order(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, alice: Person, restart: str
) -> None:
    echo = cloud.add_bot("Echo Bot")

    def start(manager: RedisTokenManager) -> tuple[RunningBot, Alone]:
        bot, command = WebexBot(teams_bot_token=echo.token), Alone(token_manager=manager)
        bot.add_command(command)
        manager.register_bot(bot=bot)
        return cloud.start_bot(bot, manager), command

    with redis_manager(echo.token, integration) as web:
        with redis_manager(echo.token, integration) as first:
            bot, before = start(first)
            card = ask_each(bot, alice, "1", "2", "3")
            answer = came_back(cloud, web.asking.url(alice.id), alice)
            if restart == "after the login":
                first.close()  # nothing is resumed here any more
                web.process_redirect(**answer)
                bot.answer_to(card, "I now run")
        with redis_manager(echo.token, integration) as one, redis_manager(echo.token, integration) as other:
            (bot, here), (_, there) = start(one), start(other)
            if restart == "before the login":
                web.process_redirect(**answer)
            bot.answer_to(card, "You are Alice Adams 3")
            assert answers(bot, alice) == [f"You are Alice Adams {number}" for number in (1, 2, 3)]
        assert before.runs == []
        assert sorted([len(here.runs), len(there.runs)]) == [0, 3]


def test_a_command_whose_author_could_not_be_asked_does_not_wait(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    team, waits = bot.group(alice), bot.hears(alice, "whoami 1")
    bot.login_card(alice, after=waits)
    with cloud.faults.rest("/v1/messages", method="POST", status=403, times=1):
        bot.answer_to(bot.hears(alice, "whoami 2", room=team), TEXTS.cannot_write_direct)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami 3"))
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 3")
    assert answers(bot, alice) == ["You are Alice Adams 1", "You are Alice Adams 3"]
    assert bot.said(team) == [TEXTS.cannot_write_direct]


def test_a_command_whose_author_got_no_code_does_not_wait(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=functools.partial(either_manager, login_flow="device"))
    with cloud.faults.rest("/v1/device/authorize", status=503, times=1):
        bot.answer_to(bot.hears(alice, "whoami 1"), TEXTS.webex_down)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami 2"))
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 2")
    assert answers(bot, alice) == ["You are Alice Adams 2"]


def test_a_command_that_is_sent_right_after_a_refusal_waits_for_the_next_login(
    cloud: WebexSandbox, make_manager: MakeManager, alice: Person
) -> None:
    manager, refused, sent = make_manager(), waiting(alice.id, "refused"), waiting(alice.id, "sent")
    manager.asking.ask(alice.id, command=refused)
    flow_id = manager.start_flow(user_id=alice.id)
    with cloud.faults.rest(method="DELETE", hang=True) as hanging:
        manager.asking.ask(alice.id)  # the first card goes, and while it does, nothing else can be said
        hanging.wait()
        assert manager.finish_login(flow_id=flow_id, error="access_denied").outcome is Outcome.REFUSED
        manager.asking.ask(alice.id, command=sent)
        hanging.clear()
    cloud.wait_for_message(where=lambda message: message.text == TEXTS.refused)
    assert [one.id for one in manager.desks.read(alice.id).desk.waiting] == [sent.id]


def test_a_message_that_is_edited_while_it_waits_runs_once(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    asked = bot.hears(alice, "whoami 1")
    first = bot.login_card(alice, after=asked)
    edited = requests.put(
        f"{cloud.url}/v1/messages/{asked.id}",
        headers={"Authorization": f"Bearer {alice.token}"},
        json={"roomId": asked.room.id, "text": "whoami 2"},
        timeout=30,
    )
    assert edited.status_code == 200
    card = bot.login_card(alice, after=first)
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 2")
    welcome = TEXTS.command_runs.format(name="Alice Adams", command="whoami")
    assert welcome in bot.said(alice)  # which names each command that runs


def test_a_store_that_fails_at_the_end_of_a_login_is_asked_once_more(
    cloud: WebexSandbox, yaml_manager: Make, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = cloud.run(Whoami, manager=yaml_manager)
    card = ask_each(bot, alice, "1")
    failures, finish = iter([StoreUnavailable("store", "does not answer")]), desk.finish

    def fail_once(*given: Any, **named: Any) -> Any:
        for failure in failures:
            raise failure
        return finish(*given, **named)

    monkeypatch.setattr(desk, "finish", fail_once)
    bot.press_login(card, alice)
    bot.answer_to(card, "You are Alice Adams 1")


def test_with_a_file_what_has_not_begun_when_the_bot_stops_is_to_be_sent_again(
    cloud: WebexSandbox, yaml_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Held, manager=yaml_manager)
    held: Any = next(one for one in bot.webex_bot.commands if isinstance(one, Held))
    card = ask_each(bot, alice, "1", "2")
    bot.press_login(card, alice)
    assert held.entered.wait(30)
    bot.manager.close()
    held.may_end.set()
    bot.answer_to(card, TEXTS.command_lapsed.format(command="whoami"))
    bot.answer_to(card, "You are Alice Adams 1")
    assert answers(bot, alice) == ["You are Alice Adams 1"]
