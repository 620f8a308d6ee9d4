"""Messages are handled at the same time; what exceeds the workers waits in line, where people take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
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

from webex_bot_auth.commands import handling as module
from webex_bot_auth.commands.events import Events
from webex_bot_auth.commands.handling import Handling
from webex_bot_auth.errors import SettingError
from webex_bot_auth.ground.queues import Queues
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import person_uuid
from webex_bot_auth.sandbox import Message
from webex_bot_auth.stores.memory import MemoryFlowStore
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
    """Also while none of the flood's commands ends: a quarter of the workers is one person's share."""
    bot = webex_sandbox.run(held, Echo, workers=8)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    flood = [bot.hears(alice, f"hold {number}") for number in range(30)]
    held.wait_until_started(2)
    for turn in range(3):
        bot.answer_to(bot.hears(bob, f"echo {turn}"), f"echo {turn}")
    assert len(held.ran) == 2
    held.may_end.set()
    for question in flood:
        bot.answer_to(question, partial(is_answer, question))


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


class BusyBot:
    """What handling needs of a bot: one that handles events until it may end, and says no more.

    Attributes:
        handled: authors of events
        told: people who were told that a message was dropped
    """

    bot_email, approved_rooms = "bot@example.com", None

    def __init__(self) -> None:
        self.started, self.may_end, self.is_told = (
            threading.Event(),
            threading.Event(),
            threading.Semaphore(0),
        )
        self.handled, self.told = list[str](), list[str]()

    def run(self) -> None: ...

    def check_user_approved(self, email: str, rooms: Any) -> bool:
        return True

    def _process_incoming_websocket_message(self, event: Any) -> None:
        self.handled.append(event["data"]["activity"]["actor"]["entryUUID"])
        self.started.set()
        assert self.may_end.wait(20)

    def texts(self, user_id: str) -> Any:
        return TEXTS

    def tell(self, user_id: str, text: str) -> None:
        assert text == TEXTS.too_busy
        self.told.append(person_uuid(user_id))
        self.is_told.release()


def test_with_all_queues_full_a_person_is_told_until_a_message_waits(
    yaml_manager: Make, integration: Integration
) -> None:
    manager = yaml_manager("token", integration)
    queues, bot, number = Queues("events", workers=1, waiting_of_one=2, waiting=2), BusyBot(), count()
    events = Events(MemoryFlowStore(), Records(), manager.desks, manager.chat, Queues("messages"), Turn())
    handling = Handling(bot, bot, events, queues, Turn(), print)  # type: ignore[arg-type]  # it is its own chat

    def receive(person: str) -> None:
        actor = {"type": "PERSON", "entryUUID": person}
        handling.receive({"data": {"activity": {"verb": "post", "id": str(next(number)), "actor": actor}}})

    receive("flood")
    assert bot.started.wait(20)
    for person, is_dropped_with_a_word in [
        ("flood", False), ("flood", False), ("flood", True), ("flood", False), ("bob", True),
        ("flood", False), ("bob", True),
    ]:  # fmt: skip
        receive(person)  # taken without waiting for anything
        assert not is_dropped_with_a_word or bot.is_told.acquire(timeout=20)
    bot.may_end.set()
    handling.wait()
    assert bot.handled == ["flood"] * 3
    assert bot.told == ["flood", "bob", "bob"]
    receive("bob")
    assert queues.wait(20)
    assert bot.handled[3:] == ["bob"]
    manager.close()


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
def test_whatever_a_command_without_a_guard_raises_its_author_is_told_and_the_next_one_runs(
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
    asked = bot.hears(alice, "fail")
    bot.answer_to(asked, TEXTS.command_failed.partition("{")[0])
    bot.answer_to(bot.hears(alice, "echo"), "echo")
    assert "why it failed" in caplog.text


@pytest.mark.parametrize("workers", [0, -1, None, "many"])
def test_no_number_of_workers(webex_sandbox: WebexSandbox, workers: Any) -> None:
    with pytest.raises(SettingError, match="workers"):
        webex_sandbox.run(Echo, workers=workers)
