"""Processes of one bot that can be killed before any of their steps, in a world without servers of Webex.

A step is a call to the store, a message to a person, a call to Webex, or the run of a command. Nothing runs
in the background, so the steps of a story are the same each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import redis
from sqlalchemy import event
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth.commands.events import Events
from webex_bot_auth.commands.resumer import Resumer
from webex_bot_auth.errors import MessageNotSent
from webex_bot_auth.ground.clock import now
from webex_bot_auth.ground.turn import Turn
from webex_bot_auth.logins.desk import Desk, WaitingCommand
from webex_bot_auth.logins.desks import INTERRUPTED, POLL, RUN, TIDY
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import Outcome
from webex_bot_auth.stores import Due, FlowStore, Record, Reminder, UserStore, sql
from webex_bot_auth.stores.agenda import LEASE_SECONDS, Takes
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.stores.redis.flows import RedisFlowStore
from webex_bot_auth.stores.redis.maintenance import FlowMaintenance
from webex_bot_auth.stores.redis.users import RedisUserStore
from webex_bot_auth.stores.sql import Database, SQLFlowStore, SQLUserStore
from webex_bot_auth.user_context import StoredTokenManager

INTEGRATION = Integration(
    client_id="id", client_secret="secret", scopes="scope", redirect_url="https://bot.example.com/redirect"
)
ALICE = "alice"


class Killed(BaseException):
    """The process has been killed: no step comes after this."""


class Life:
    """Counts the steps of a process.

    Args:
        kill_at: the step before which it is killed; None: never

    Attributes:
        steps: how many it has made
        between: called before each step with its number; for what others do meanwhile
    """

    def __init__(self, kill_at: int | None = None) -> None:
        self._kill_at = kill_at
        self.steps = 0
        self.between: Callable[[int], None] | None = None

    @property
    def is_over(self) -> bool:
        return self._kill_at is not None and self.steps >= self._kill_at

    def step(self) -> None:
        if not self.is_over:
            self.steps += 1
            if self.between is not None:
                self.between(self.steps)
        if self.is_over:
            raise Killed


class MemoryUsers:
    """Users' records in memory, shared by all processes of a test."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}

    def read(self, user_id: str) -> str | None:
        return self.records.get(user_id)

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        if self.records.get(user_id) != old:
            return False
        self.records.pop(user_id, None)
        if new is not None:
            self.records[user_id] = new
        return True

    def users(self) -> list[str]:
        return list(self.records)

    def close(self) -> None: ...


@dataclass
class MortalUsers:
    """A store of records as one process sees it."""

    store: UserStore
    life: Life

    def read(self, user_id: str) -> Record | None:
        self.life.step()
        return self.store.read(user_id)

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        self.life.step()
        return self.store.swap(user_id, old, new)

    def users(self) -> Any:
        self.life.step()
        return self.store.users()

    def close(self) -> None:
        """Leave the store to the other processes."""


@dataclass
class MortalFlows:
    """A store of texts and agendas as one process sees it.

    Attributes:
        store: the store itself
        life: of the process
        is_atomic: whether a swap reminds in the same step; otherwise before it, as stores may
    """

    store: FlowStore
    life: Life
    is_atomic: bool

    def read(self, key: str) -> tuple[Record | None, float]:
        self.life.step()
        return self.store.read(key)

    def swap(
        self, key: str, old: Record | None, new: str | None, seconds: float = 0.0,
        *, remind: Collection[Reminder] = (),
    ) -> bool:  # fmt: skip
        if not self.is_atomic and self.store.read(key)[0] == old:
            for reminder in remind:
                self.remind(reminder)
        self.life.step()
        return self.store.swap(key, old, new, seconds, remind=remind if self.is_atomic else ())

    def remind(self, reminder: Reminder) -> None:
        self.life.step()
        self.store.remind(reminder)

    def due(self, agendas: Collection[str], lease: float, timeout: float) -> Due | None:
        self.life.step()
        return self.store.due(agendas, lease, timeout)

    def done(self, due: Due) -> None:
        self.life.step()
        self.store.done(due)

    def close(self) -> None:
        """Leave the store to the other processes."""


class Inline:
    """Runs jobs at once, in the caller's thread: jobs that a job submits come after it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._jobs: list[Callable[[], object]] = []
        self._is_running = False

    def submit(self, _: str, job: Callable[[], object]) -> bool:
        self._jobs.append(job)
        if not self._is_running:
            self._is_running = True
            while self._jobs:
                self._jobs.pop(0)()
            self._is_running = False
        return True

    submit_or_run = submit

    def close(self, _: float) -> dict[str, Any]:
        return {}


@dataclass
class Mail:
    """What is in Alice's 1:1 space with the bot.

    Attributes:
        said: texts that were sent, also of cards
        cards: addresses of the login cards that are there, by message id
        is_down: whether Webex takes no message at the moment
    """

    said: list[str] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    is_down: bool = False


@dataclass
class MortalMessages:
    """Takes the place of DirectMessages."""

    mail: Mail
    life: Life
    bot: Any = field(
        default_factory=lambda: SimpleNamespace(
            get=lambda: SimpleNamespace(name="Echo Bot", email=None),
            known=lambda: SimpleNamespace(name="Echo Bot", email=None),
            learn=lambda: None,
        )
    )

    def send(self, person_id: str, text: str, card: Any = None) -> str:
        self.life.step()
        if self.mail.is_down:
            raise MessageNotSent(None)
        self.mail.said.append(text)
        message_id = f"message {len(self.mail.said)}"
        if card:
            self.mail.cards[message_id] = str(card)
        return message_id

    def delete(self, message_id: str) -> bool:
        self.life.step()
        self.mail.cards.pop(message_id, None)
        return True


class Travelling(RedisFlowStore):
    """Redis, whose time can be put forward."""

    passed = 0.0

    def read(self, key: str) -> tuple[Record | None, float]:
        found, moment = super().read(key)
        return found, moment + self.passed


class Clock:
    """The time of the store in memory, which can be put forward."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return now() + self.passed


@dataclass
class World:
    """A store that several processes of a bot share, and the person that they talk to.

    Attributes:
        users: where records are
        flows: where texts and agendas are
        let_pass: lets so many seconds pass for the store, and so for all processes
        is_atomic: see :class:`MortalFlows`
        mail: what Alice sees
        ran: commands that were run, in their order
        used: the ``state`` of the login card that a test's story is about
    """

    users: UserStore
    flows: FlowStore
    let_pass: Callable[[float], None]
    is_atomic: bool = True
    mail: Mail = field(default_factory=Mail)
    ran: list[str] = field(default_factory=list)
    used: str = ""

    def start(self, kill_at: int | None = None) -> Process:
        """Start a process of the bot, which serves redirects, too."""
        return Process(self, Life(kill_at))

    def is_logged_in(self) -> bool:
        return self.users.read(ALICE) is not None

    def desk(self) -> Desk:
        return self.start().manager.desks.read(ALICE).desk

    def agendas(self) -> list[Due]:
        """Everything that stands on an agenda, for whatever time; the stores are of no use after this."""
        self.let_pass(10**9)
        found = iter(lambda: self.flows.due([TIDY, RUN, POLL, INTERRUPTED], 10**9, 0.0), None)
        return [due for due in found if due]

    def state_on_card(self) -> str | None:
        """The ``state`` of the newest login card that Alice sees."""
        found = [state for card in self.mail.cards.values() for state in re.findall(r"state=([\w-]+)", card)]
        return found[-1] if found else None

    def go_on(self, process: Process | None = None) -> None:
        """Let an hour and more pass, in which a process that lives does what is due."""
        process = process or self.start()
        for seconds in (0, 5, 11, 5, 10, 10, 20, 60, 60, 300, 300, 700, 700, 2000):
            self.let_pass(seconds)
            process.work()


#: makes a world in which nothing has happened yet
NewWorld = Callable[[], World]


class Process:
    """One process of the bot, which serves redirects, too; until it is killed.

    Attributes:
        manager: its token manager
        events: its events
        life: counts its steps
    """

    def __init__(self, world: World, life: Life) -> None:
        self.life, self._world = life, world
        users, self._flows = MortalUsers(world.users, life), MortalFlows(world.flows, life, world.is_atomic)
        messages = MortalMessages(world.mail, life)
        with mock.patch("webex_bot_auth.user_context.manager.DirectMessages", return_value=messages):
            self.manager = StoredTokenManager("bot-token", INTEGRATION, users=users, flows=self._flows)
        manager, queues = self.manager, Inline()
        self.events = Events(self._flows, Records(), manager.desks, manager.chat, queues, Turn())  # type: ignore[arg-type]
        bot = SimpleNamespace(
            approved_rooms=[],
            check_user_approved=lambda **_: True,
            on_message=self._run,
            teams=SimpleNamespace(messages=SimpleNamespace(get=str)),
        )
        resumer = Resumer(bot, manager.chat, self._flows, manager.desks, self.events, queues, Turn())  # type: ignore[arg-type]
        self._takers: dict[str, Takes] = {TIDY: manager.ending, RUN: resumer, INTERRUPTED: self.events}

    def _run(self, *, teams_message: str, activity: Any) -> None:
        self.life.step()
        self._world.ran.append(teams_message)
        self.life.step()

    def hears(self, name: str) -> None:
        """Handle the event of a command of Alice's, who is not logged in: she is asked."""
        if self.events.claim(f"event {name}", ALICE):
            self.manager.asking.ask(ALICE, command=command(name))
            self.events.end(f"event {name}", ALICE)

    def finish(self, flow_id: str) -> Outcome:
        """Serve the redirect at the end of a login."""
        return self.manager.finish_login(flow_id=flow_id, code="code").outcome

    def work(self) -> None:
        """Do what is due."""
        while due := self._flows.due(tuple(self._takers), LEASE_SECONDS, 0.0):
            self._takers[due.agenda].take(due)


def command(name: str) -> WaitingCommand:
    """Return a command of Alice's."""
    activity = {"actor": {"emailAddress": "alice@example.com"}}
    return WaitingCommand(user_id=ALICE, kind="message", id=name, display_name=name, activity=activity)


@pytest.fixture(params=["memory", "memory-in-steps", "redis", "sql"])
def new_world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> NewWorld:
    """Makes worlds with an empty store, of each kind in turn; nothing of what is asked of Webex fails."""
    person = SimpleNamespace(person_id=ALICE, display_name="Alice Adams", emails=["alice@example.com"])
    tokens = Tokens(access_token="access", refresh_token="refresh")
    for name, instead in {
        "user_context.manager.Queues": Inline,
        "logins.ending.identify": lambda *_: person,
        "logins.ending.WAIT_SECONDS": 0.0,
        "logins.logging_out.revoke": lambda *_: True,
        "webex.oauth.WebexOAuth.exchange": lambda *_, **__: tokens.model_copy(),
    }.items():
        monkeypatch.setattr(f"webex_bot_auth.{name}", instead)
    if request.param == "sql":
        numbers, folder = count(), request.getfixturevalue("tmp_path")
        return lambda: _in_sql(f"sqlite:///{folder}/{next(numbers)}.db")
    if request.param != "redis":
        return lambda: _in_memory(monkeypatch, is_atomic=request.param == "memory")
    client: redis.Redis = request.getfixturevalue("client")
    return lambda: _in_redis(client)


def _in_memory(monkeypatch: pytest.MonkeyPatch, *, is_atomic: bool) -> World:
    clock = Clock()

    def put_forward(seconds: float) -> None:
        clock.passed += seconds

    monkeypatch.setattr("webex_bot_auth.stores.memory.now", clock)
    return World(MemoryUsers(), MemoryFlowStore(), put_forward, is_atomic)


def _in_redis(client: redis.Redis) -> World:
    client.flushall()
    maintenance = FlowMaintenance(
        client, flow_set="flows", latest="flow-maintenance", lifetime=timedelta(minutes=10), mark="-"
    )
    flows = Travelling(client, maintenance, key_prefix="", flow_prefix="flows-", bot="bot")

    def put_forward(seconds: float) -> None:
        flows.passed += seconds
        for agenda in client.keys("bot-*-agenda-*"):
            for item in client.zrange(agenda, 0, -1):
                client.zincrby(agenda, -seconds, item)

    return World(RedisUserStore(client, record_prefix="user-", user_set="users"), flows, put_forward)


def _in_sql(url: str) -> World:
    engine = sql.connect(url)
    # nobody switches the machine off, and hundreds of worlds need not wait for its disk
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA journal_mode=MEMORY"))
    database = Database(engine, "")
    flows = SQLFlowStore(database, "bot")

    def put_forward(seconds: float) -> None:
        database.now = database.now + int(seconds * 1e6)

    return World(SQLUserStore(database), flows, put_forward)
