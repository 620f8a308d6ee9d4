"""Interrupted commands run after the login, also if bot and redirect page are two processes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.commands.events import Events
from webex_bot_auth.commands.resumer import Resumer
from webex_bot_auth.ground.queues import Queues
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.desk import Desk
from webex_bot_auth.logins.desks import RUN, item
from webex_bot_auth.sandbox import Person
from webex_bot_auth.stores import Due, Reminder
from webex_bot_auth.testing import RunningBot, WebexSandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back, log_in

#: commands of different people that run at the same time
AT_ONCE = 4


@pytest.fixture
def echo(cloud: WebexSandbox) -> Person:
    return cloud.add_bot("Echo Bot")


def start(
    cloud: WebexSandbox, echo: Person, manager: RedisTokenManager, command: type[Whoami] = Whoami
) -> tuple[RunningBot, Any]:
    bot, whoami = WebexBot(teams_bot_token=echo.token), command(token_manager=manager)
    bot.add_command(whoami)
    manager.register_bot(bot=bot, workers=AT_ONCE)
    return cloud.start_bot(bot, manager), whoami


def test_the_redirect_may_be_served_by_another_process(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, echo: Person, alice: Person
) -> None:
    with redis_manager(echo.token, integration) as web, redis_manager(echo.token, integration) as own:
        bot, whoami = start(cloud, echo, own)
        asked = bot.hears(alice, "whoami")
        bot.login_card(alice)
        log_in(cloud, web, alice)
        bot.answer_to(asked, lambda message: message.text == "You are Alice Adams")
        assert whoami.runs == [alice.id]


def resumer_of(manager: RedisTokenManager, queues: Queues) -> Resumer:
    """A resumer, as in a process of its own, of a bot that is never asked."""
    desks = manager.desks
    events = Events(desks.flows, desks.records, desks, manager.chat, queues, Turn())
    return Resumer(None, manager.chat, desks.flows, desks, events, queues, Turn())


def release(manager: RedisTokenManager, user_id: str) -> None:
    """Do what a login does to a desk where a command waits."""

    def step(desk: Desk, now: float) -> tuple[Desk, None]:
        command = waiting(user_id).model_copy(update={"ends": now + 60})
        return desk.model_copy(update={"released": (command,)}), None

    manager.desks.change(user_id, step)
    manager.desks.flows.remind(Reminder(RUN, item(user_id), 0.0))


def next_due(manager: RedisTokenManager, lease: float = 30.0) -> Due | None:
    """Whose commands a process would run now, without a wait."""
    return manager.desks.flows.due([RUN], lease, 0.0)


def test_what_comes_while_the_interpreter_ends_is_left_to_the_next_process(
    redis_manager: Make, integration: Integration, echo: Person
) -> None:
    """As after Ctrl+C in a bot that does not close its token manager, while a command still runs."""
    ended = Queues("ended")
    ended.close(0.0)  # no thread starts any more
    with redis_manager(echo.token, integration) as manager:
        resumer = resumer_of(manager, ended)
        manager.desks.flows.remind(Reminder(RUN, item("alice"), 0.0))
        due = next_due(manager, lease=0.0)
        assert due
        resumer.take(due)
        resumer.renew()  # what it has not in hand, it keeps from nobody
        assert next_due(manager)


def test_what_has_not_begun_when_a_bot_stops_is_run_by_the_next_process_at_once(
    redis_manager: Make, integration: Integration, echo: Person
) -> None:
    queues, may_end = Queues("busy", workers=1), threading.Event()
    queues.submit("bob", may_end.wait)
    with redis_manager(echo.token, integration) as manager:
        resumer = resumer_of(manager, queues)
        release(manager, "alice")
        due = next_due(manager)
        assert due
        resumer.take(due)
        resumer.stop()
        assert next_due(manager)
        may_end.set()
        queues.close(30.0)
        assert released(manager, "alice") == ["echo"]


def test_a_bot_that_was_down_runs_the_command_when_it_is_back(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, echo: Person, alice: Person
) -> None:
    with redis_manager(echo.token, integration) as web:
        with redis_manager(echo.token, integration) as first:
            bot, _ = start(cloud, echo, first)
            asked = bot.hears(alice, "whoami")
            bot.login_card(alice)
            first.close()  # it resumes nothing any more
            answer = came_back(cloud, web.asking.url(alice.id), alice)
            web.process_redirect(**answer)
            bot.answer_to(asked, TEXTS.command_runs.format(name="Alice Adams", command="whoami"))
        with redis_manager(echo.token, integration) as second:
            bot, whoami = start(cloud, echo, second)
            bot.answer_to(asked, lambda message: message.text == "You are Alice Adams")
            assert whoami.runs == [alice.id]


class Slow(Whoami):
    """Runs until it may end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entered, self.may_end = threading.Semaphore(0), threading.Event()

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        self.entered.release()
        assert self.may_end.wait(60)
        return super().execute(message, attachment_actions, activity)


def test_a_bot_that_stops_leaves_what_it_has_not_begun_to_the_next_one(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, echo: Person
) -> None:
    people = [cloud.add_person(f"Person {number}") for number in range(AT_ONCE + 2)]
    with redis_manager(echo.token, integration) as first:
        bot, slow = start(cloud, echo, first, Slow)
        asked = {person: bot.hears(person, "whoami") for person in people}
        for person in people:
            bot.login_card(person)
            log_in(cloud, first, person)
        for _ in range(AT_ONCE):
            assert slow.entered.acquire(timeout=60)
        first.close()
        slow.may_end.set()
        with redis_manager(echo.token, integration) as second:
            start(cloud, echo, second)
            for person, question in asked.items():
                bot.answer_to(
                    question, lambda message, of=person: message.text == f"You are {of.display_name}"
                )
        assert len(slow.runs) == AT_ONCE


def test_of_two_bot_processes_one_runs_each_command(
    cloud: WebexSandbox, redis_manager: Make, integration: Integration, echo: Person
) -> None:
    people = [cloud.add_person(f"Person {number}") for number in range(6)]
    with redis_manager(echo.token, integration) as one, redis_manager(echo.token, integration) as other:
        started = [start(cloud, echo, manager) for manager in (one, other)]
        bot = started[0][0]
        asked = {person: bot.hears(person, "whoami") for person in people}
        for person in people:
            card = bot.login_card(person)
            assert len([text for text in bot.said(person) if text == card.text]) == 1
            log_in(cloud, one, person)
        for person, question in asked.items():
            bot.answer_to(question, lambda message, of=person: message.text == f"You are {of.display_name}")
        runs = [user_id for _, whoami in started for user_id in whoami.runs]
        assert sorted(runs) == sorted(person.id for person in people)


def test_while_a_login_is_pending_other_commands_work_and_asking_again_shows_the_button_again(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    first = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    help_text = bot.ask(alice, "help")
    assert help_text.card
    asked = bot.hears(alice, "whoami twice")
    second = bot.login_card(alice, after=asked)
    assert second != first
    bot.press_login(second, alice)
    bot.answer_to(asked, lambda message: message.text == "You are Alice Adams twice")
    said = bot.said(alice)
    assert said.index("You are Alice Adams") < said.index("You are Alice Adams twice")
    welcome = TEXTS.command_runs.format(name="Alice Adams", command="whoami")
    assert said.count(welcome) == 1


def test_a_card_that_another_person_uses_logs_nobody_in(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bob = cloud.add_person("Bob Brown")
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    assert bot.press_login(card, bob).status_code == 403
    command: Any = next(one for one in bot.webex_bot.commands if isinstance(one, Whoami))
    assert command.runs == []
    assert bot.said(bob) == []
    for person in (alice, bob):
        assert bot.manager.get_user_context(user_id=person.id) is None
