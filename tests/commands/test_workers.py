"""Messages are handled at the same time; what exceeds the workers waits in line, where people take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from typing import Any

import pytest
import requests
from support.makers import Make
from support.waiting import wait_until
from support.wording import TEXTS
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth.commands import workers as module
from webex_bot_auth.commands.workers import Line
from webex_bot_auth.errors import SettingError
from webex_bot_auth.sandbox import Message
from webex_bot_auth.testing import RunningBot, WebexSandbox


class Held(Command):  # type: ignore[misc]  # webex_bot has no types
    """A command that runs until the test lets it end.

    Attributes:
        started: is released with each run
        may_end: lets all runs end
        ran: the texts with which it was called
    """

    def __init__(self, **_: Any) -> None:
        super().__init__(command_keyword="hold", help_message="Hold")
        self.started = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.ran: list[str] = []

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        self.ran.append(message.strip())
        self.started.release()
        assert self.may_end.wait(30)
        return f"done {message.strip()}"

    def wait_until_started(self, times: int) -> None:
        for _ in range(times):
            assert self.started.acquire(timeout=30)


class Echo(Command):  # type: ignore[misc]
    def __init__(self, **_: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"echo {message.strip()}"


@pytest.fixture
def held() -> Iterator[Held]:
    command = Held()
    yield command
    command.may_end.set()


def is_answer(question: Message, message: Message) -> bool:
    return message.parent == question


def test_the_bot_does_not_ask_for_its_own_messages(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Echo, workers=1)
    alice = webex_sandbox.add_person("Alice Adams")
    answer = bot.ask(alice, "echo one")
    asked = bot.hears(alice, "echo two")
    bot.answer_to(asked)  # and there is one worker: it is done with what came before
    asked_for = {call.path.rpartition("/")[2] for call in webex_sandbox.calls if call.method == "GET"}
    assert {asked.id, asked.uuid} <= asked_for
    assert not {answer.id, answer.uuid} & asked_for
    wait_until(lambda: all(map(itemgetter("acknowledged"), events(webex_sandbox))), "Webex sends none again")


def events(sandbox: WebexSandbox) -> list[dict[str, Any]]:
    page = requests.get(f"{sandbox.url}/workbench/events", timeout=30).json()
    return [event for event in page["events"] if event["verb"] == "post"]


def test_so_many_commands_run_at_the_same_time(webex_sandbox: WebexSandbox, held: Held) -> None:
    bot = webex_sandbox.run(held, workers=20)
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(21)]
    asked = [bot.hears(person, f"hold {number}") for number, person in enumerate(people)]
    held.wait_until_started(20)
    assert len(held.ran) == 20
    held.may_end.set()
    for number, question in enumerate(asked):
        bot.answer_to(question, f"done {number}")


def test_one_persons_flood_holds_up_nobody_else(webex_sandbox: WebexSandbox, held: Held) -> None:
    """Also while none of the flood's commands ends."""
    bot = webex_sandbox.run(held, Echo, workers=4)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    flood = [bot.hears(alice, f"hold {number}") for number in range(30)]
    held.wait_until_started(3)
    for turn in range(3):
        bot.answer_to(bot.hears(bob, f"echo {turn}"), f"echo {turn}")
    assert len(held.ran) == 3
    held.may_end.set()
    for question in flood:
        bot.answer_to(question, partial(is_answer, question))


def test_people_take_turns() -> None:
    line = Line(workers=1)
    for person, items in {"flood": range(5), "one": range(1), "two": range(2)}.items():
        for item in items:
            assert line.add(person, item)
    turns = []
    while turn := line.next():
        turns.append(turn)
        line.done(turn[0])
    persons = [person for person, _ in turns]
    assert persons == ["flood", "one", "two", "flood", "two", "flood", "flood", "flood"]
    assert [item for person, item in turns if person == "flood"] == [0, 1, 2, 3, 4]
    assert not line


class TestFullLine:
    @pytest.fixture(autouse=True)
    def _short_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_WAITING_OF_ONE", 3)

    def flood(self, bot: RunningBot, held: Held) -> list[Message]:
        """One that runs, three that wait, and six for which there is no place."""
        alice = bot.sandbox.add_person("Alice Adams")
        first = bot.hears(alice, "hold 0")
        held.wait_until_started(1)
        return [first, *(bot.hears(alice, f"hold {number}") for number in range(1, 10))]

    def test_its_author_is_told_once_and_the_others_are_answered(
        self, webex_sandbox: WebexSandbox, held: Held
    ) -> None:
        bot = webex_sandbox.run(held, Echo, workers=2)
        flood = self.flood(bot, held)
        bot.answer_to(flood[0], TEXTS.too_busy)
        bob = webex_sandbox.add_person("Bob Brown")
        bot.answer_to(bot.hears(bob, "echo"), "echo")
        held.may_end.set()
        for number, question in enumerate(flood[:4]):
            bot.answer_to(question, f"done {number}")
        alice = flood[0].person
        again = bot.hears(alice, "hold again")
        bot.answer_to(again, "done again")
        assert held.ran == ["0", "1", "2", "3", "again"]
        assert bot.said(alice).count(TEXTS.too_busy) == 1

    def test_what_was_dropped_is_not_handled_when_it_is_delivered_again(
        self, webex_sandbox: WebexSandbox, held: Held
    ) -> None:
        bot = webex_sandbox.run(held, Echo, workers=2)
        flood = self.flood(bot, held)
        bot.answer_to(flood[0], TEXTS.too_busy)
        bob = webex_sandbox.add_person("Bob Brown")
        bot.answer_to(bot.hears(bob, "echo"), "echo")  # the bot has taken the whole flood
        held.may_end.set()
        for number, question in enumerate(flood[:4]):
            bot.answer_to(question, f"done {number}")
        webex_sandbox.disconnect(bot.person)
        webex_sandbox.wait_until_online(bot.person, connections=2, timeout=20)
        bot.answer_to(bot.hears(flood[0].person, "echo"), "echo")
        assert held.ran == ["0", "1", "2", "3"]

    def test_a_person_who_is_not_approved_is_told_nothing(
        self, webex_sandbox: WebexSandbox, held: Held
    ) -> None:
        bot = webex_sandbox.run(
            held, Echo, workers=2, bot=partial(WebexBot, approved_domains=["elsewhere.example"])
        )
        alice = webex_sandbox.add_person("Alice Adams", email="alice@elsewhere.example")
        eve = webex_sandbox.add_person("Eve Evans")
        with webex_sandbox.faults.rest("/v1/messages", method="GET", hang=True, times=1) as hanging:
            bot.hears(eve, "hold")
            hanging.wait()
            asked = [bot.hears(eve, "hold") for _ in range(9)]
            bot.answer_to(bot.hears(alice, "echo"), "echo")
        bot.answer_to(bot.hears(alice, "echo 2"), "echo 2")
        assert bot.said(eve) == []
        assert len(asked) == 9


def test_a_stop_waits_for_what_runs_and_what_waits(
    webex_sandbox: WebexSandbox, held: Held, yaml_manager: Make, integration: Integration
) -> None:
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    person = webex_sandbox.add_bot("Test Bot")
    room = webex_sandbox.direct(alice, person)

    def let_end_when_stopping() -> None:
        webex_sandbox.wait_until_offline(person, timeout=30)
        held.may_end.set()

    with yaml_manager(person.token, integration) as manager, ThreadPoolExecutor() as pool:
        bot = WebexBot(teams_bot_token=person.token)
        bot.add_command(held)
        bot.add_command(Echo())
        manager.register_bot(bot=bot, workers=2)
        with webex_sandbox.run_bot(bot):
            asked = [webex_sandbox.say(alice, room, f"hold {number}") for number in range(5)]
            later = webex_sandbox.say(bob, webex_sandbox.direct(bob, person), "echo")
            webex_sandbox.wait_for_message(later.room, person=person, after=later)
            held.wait_until_started(1)
            assert held.ran == ["0"]
            pool.submit(let_end_when_stopping)
        for number, question in enumerate(asked):
            answer = webex_sandbox.wait_for_message(room, partial(is_answer, question), timeout=0)
            assert answer.text == f"done {number}"


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_what_a_command_raises_is_in_the_log_and_the_next_one_runs(
    webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    class Fails(Echo):
        def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
            raise error("why it failed")

    fails = Fails()
    fails.command_keyword = "fail"
    bot, alice = (
        webex_sandbox.run(lambda **_: fails, Echo, workers=1),
        webex_sandbox.add_person("Alice Adams"),
    )
    bot.hears(alice, "fail")
    bot.answer_to(bot.hears(alice, "echo"), "echo")
    assert "not handled" in caplog.text
    assert "why it failed" in caplog.text


@pytest.mark.parametrize("workers", [0, -1, None, "many"])
def test_no_number_of_workers(webex_sandbox: WebexSandbox, workers: Any) -> None:
    with pytest.raises(SettingError, match="workers"):
        webex_sandbox.run(Echo, workers=workers)
