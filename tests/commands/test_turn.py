"""Who has lost the turn begins with no message and no command, and calls Webex because of none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from support.makers import Make
from support.waiting import wait_until
from wxc_sdk.integration import Integration

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.commands import events
from webex_bot_auth.commands.events import Events
from webex_bot_auth.commands.handling import Handling
from webex_bot_auth.commands.resumer import Resumer
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.ground.queues import Queues
from webex_bot_auth.ground.turn import Turn, TurnLost
from webex_bot_auth.logins.desk import Desk, WaitingCommand
from webex_bot_auth.logins.desks import INTERRUPTED, RUN, item
from webex_bot_auth.logins.records import Records
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.stores import Due, Reminder, agenda
from webex_bot_auth.stores.agenda import Agenda
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.webex.connections import Connections

pytestmark = pytest.mark.holds(75)

EVENT = {
    "data": {"activity": {"verb": "post", "id": "1", "actor": {"type": "PERSON", "entryUUID": "alice"}}},
}


class Lease:
    """Is held until it is lost."""

    def __init__(self) -> None:
        self.is_lost, self.looks = False, 0

    def is_held(self) -> bool:
        self.looks += 1
        return not self.is_lost


class Bot:
    """Handles what it is given, after a call to Webex."""

    approved_rooms: tuple[str, ...] = ()
    bot_email = "bot@webex.bot"

    def __init__(self, sandbox: Sandbox) -> None:
        self.begun = 0
        self.handled = 0
        self.lease = Lease()
        self.loses = False
        self.teams = self.messages = self
        self._sandbox, self._connections = sandbox, Connections()

    def run(self) -> None: ...

    def check_user_approved(self, user_email: str, approved_rooms: Any) -> bool:
        return True

    def get(self, _: str) -> None: ...

    def on_message(self, **_: Any) -> None:
        self.work()

    def _process_incoming_websocket_message(self, _: Any) -> None:
        self.work()

    def work(self) -> None:
        self.begun += 1
        self.lease.is_lost = self.loses  # as when the process is frozen here
        self._connections.send(requests.Request("GET", self._sandbox.url).prepare(), seconds=30.0)
        self.handled += 1


class Process:
    """The parts of one that handle messages, over a store that others share."""

    def __init__(self, manager: YAMLTokenManager, bot: Bot) -> None:
        self.flows, self.turn, self.queues = MemoryFlowStore(), Turn(), Queues("events")
        self.turn.is_shared, self.turn.lease = True, bot.lease
        manager.desks.flows = self.flows
        self.desks, chat = manager.desks, manager.chat
        self.events = Events(self.flows, Records(), self.desks, chat, self.queues, self.turn)
        self.handling = Handling(bot, chat, self.events, self.queues, self.turn, print)
        self.resumer = Resumer(bot, chat, self.flows, self.desks, self.events, self.queues, self.turn)

    def claims(self) -> list[Due]:
        """What another process finds to be interrupted, once the leases have ended."""
        return list(iter(lambda: self.flows.due([INTERRUPTED], 10**6, 0.0), None))


@pytest.fixture
def bot(cloud: Sandbox) -> Bot:
    return Bot(cloud)


@pytest.fixture
def process(yaml_manager: Make, integration: Integration, bot: Bot) -> Iterator[Process]:
    with yaml_manager("token", integration) as manager:
        yield Process(manager, bot)


def test_no_message_begins_and_a_later_delivery_is_handled(process: Process, bot: Bot) -> None:
    bot.lease.is_lost = True
    process.handling.receive(EVENT)
    assert process.queues.wait(30)
    assert bot.begun == 0
    bot.lease.is_lost = False
    process.handling.receive(EVENT)
    assert process.queues.wait(30)
    assert bot.handled == 1


def test_a_message_in_hand_is_dropped_and_left_to_be_told_of(
    process: Process, bot: Bot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webex_bot_auth.commands.events.LEASE_SECONDS", 0.0)
    bot.loses = True
    process.handling.receive(EVENT)
    assert process.queues.wait(30)
    assert (bot.begun, bot.handled) == (1, 0)
    assert [due.item for due in process.claims()] == ["post-1"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("is_lost_before", [True, False])
def test_no_released_command_goes_on(
    process: Process, bot: Bot, monkeypatch: pytest.MonkeyPatch, *, is_lost_before: bool
) -> None:
    monkeypatch.setattr("webex_bot_auth.commands.events.LEASE_SECONDS", 0.0)
    activity = {"actor": {"emailAddress": "alice@example.com"}}
    command = WaitingCommand(user_id="alice", kind="message", id="1", display_name="echo", activity=activity)

    def release(desk: Desk, now: float) -> tuple[Desk, None]:
        return desk.model_copy(update={"released": (command.model_copy(update={"ends": now + 60}),)}), None

    process.desks.change("alice", release)
    process.flows.remind(Reminder(RUN, item("alice"), 0.0))
    due = process.flows.due([RUN], 30.0, 0.0)
    assert due
    bot.lease.is_lost, bot.loses = is_lost_before, True
    process.resumer.take(due)
    assert process.queues.wait(30)
    assert (bot.begun, bot.handled) == (int(not is_lost_before), 0)
    # what has not begun is there for another process, and of the other one its author is told
    assert len(process.desks.read("alice").desk.released) == int(is_lost_before)
    assert len(process.claims()) == int(not is_lost_before)


def test_nothing_that_is_due_is_looked_for(
    process: Process, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "LOOK_SECONDS", 0.0)
    taken = threading.Event()

    class Taker:
        def take(self, due: Due) -> None:
            looks.append(bot.lease.looks)
            taken.set()

        def renew(self) -> None: ...

    looks = list[int]()
    process.flows.remind(Reminder(RUN, "x", 0.0))

    class Until(Lease):
        def is_held(self) -> bool:
            self.looks += 1
            return self.looks > 3

    process.turn.lease = bot.lease = Until()
    with closing(Agenda(process.flows, {RUN: Taker()}, process.turn)):
        assert taken.wait(30)
    assert looks[0] > 3


def test_what_needs_no_turn_goes_on(process: Process, bot: Bot) -> None:
    bot.lease.is_lost = True
    bot.loses = True
    bot.work()
    assert bot.handled == 1
    with pytest.raises(TurnLost), process.turn.needed():
        pytest.fail("it began")


class Away:
    """The store, which cannot be reached until it is back."""

    def __init__(self, store: MemoryFlowStore) -> None:
        self._store, self.is_away = store, True

    def read(self, key: str) -> Any:
        return self._asked().read(key)

    def swap(self, *arguments: Any, **options: Any) -> bool:
        return self._asked().swap(*arguments, **options)

    def _asked(self) -> MemoryFlowStore:
        if self.is_away:
            raise StoreUnavailable("the store", "is out of reach")
        return self._store


@pytest.mark.holds(55)
@pytest.mark.parametrize("for_ever", [False, True])
def test_a_message_that_was_dropped_as_the_store_was_away_is_named_and_left_once_it_is_back(
    process: Process,
    bot: Bot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    for_ever: bool,
) -> None:
    monkeypatch.setattr(events, "LEASE_SECONDS", 0.0)
    monkeypatch.setattr(events, "LEAVE_SECONDS", 0.01)
    if for_ever:
        monkeypatch.setattr(events, "EVENT_SECONDS", 0.0)  # for so long
    process.events.flows = away = Away(process.flows)  # type: ignore[assignment]
    bot.loses = True
    process.handling.receive(EVENT)
    assert process.queues.wait(30)
    assert (bot.begun, bot.handled) == (1, 0)
    wait_until(lambda: "its author not told yet: post-1" in caplog.text, "it is named")
    if not for_ever:
        away.is_away = False
        wait_until(lambda: [due.item for due in process.claims()] == ["post-1"], "it is left")


def test_a_message_that_never_began_is_left_and_handled_where_it_is_delivered_again(
    process: Process, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LEASE_SECONDS", 0.0)
    bot.lease.is_lost = True
    process.handling.receive(EVENT)
    wait_until(lambda: [due.item for due in process.claims()] == ["post-1"], "it is left")
    bot.lease.is_lost = False
    process.handling.receive(EVENT)
    assert process.queues.wait(30)
    assert bot.handled == 1
