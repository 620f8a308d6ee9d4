"""Several processes run one bot with ``run_bot``: one is connected, and another one when it is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
import requests
from flask import Flask
from support.makers import Make
from support.production import WAIT, Program
from support.replica import BEGUN, GO, replica
from support.waiting import wait_until
from support.wording import TEXTS

from webex_bot_auth.sandbox import Message, Person, open_url
from webex_bot_auth.testing import WebexSandbox

pytestmark = pytest.mark.slow  # each test starts two processes

ACTIVE, STANDBY = "this process runs the bot now", "standing by: another process runs the bot"
Start = Callable[..., Program]


class Team:
    """A bot that runs in several processes, and the web app that serves its redirect in this one.

    Attributes:
        bot: as people see it
    """

    def __init__(
        self, sandbox: WebexSandbox, make: Make, stack: ExitStack, redis_url: str, sql_url: str = ""
    ) -> None:
        app = Flask("web")
        self._sandbox, self._stack, self._urls = sandbox, stack, (redis_url, sql_url)
        self._integration = sandbox.integration(f"{sandbox.serve(app)}/redirect", "spark:people_read")
        self.bot = sandbox.add_bot("Echo Bot")
        manager = stack.enter_context(make(self.bot.token, self._integration))
        manager.register_redirect(flask=app)

    def start(self, *, take_over_after: float) -> tuple[Program, Program]:
        """Start a process that is connected, and another one that stands by."""
        redis_url, sql_url = self._urls
        first, second = (
            self._stack.enter_context(
                replica(self._sandbox, self.bot.token, self._integration, redis_url, take_over_after, sql_url)
            )
            for _ in range(2)
        )
        wait_until(lambda: ACTIVE in first.log + second.log, "one is connected", seconds=WAIT)
        active, standby = (first, second) if ACTIVE in first.log else (second, first)
        standby.wait_for(STANDBY)
        self._sandbox.wait_until_online(self.bot, WAIT)
        return active, standby

    def says(self, person: Person, text: str) -> Message:
        return self._sandbox.say(person, self._sandbox.direct(person, self.bot), text)

    def answer(self, asked: Message, text: str = "") -> Message:
        return self._sandbox.wait_for_message(
            asked.room, lambda said: text in said.text, person=self.bot, after=asked, timeout=WAIT
        )

    def answers(self, person: Person) -> list[str]:
        """All texts that the bot has sent to a person."""
        messages = self._sandbox.messages(self._sandbox.direct(person, self.bot))
        return [message.text for message in messages if message.person == self.bot]

    def devices(self) -> int:
        """Return how many devices Webex has for the bot."""
        answer = requests.get(
            f"{self._sandbox.url}/wdm/api/v1/devices",
            headers={"Authorization": f"Bearer {self.bot.token}"},
            timeout=30,
        )
        return len(answer.json()["devices"])


@pytest.fixture
def team(
    request: pytest.FixtureRequest, webex_sandbox: WebexSandbox, redis_manager: Make, redis_url: str
) -> Iterator[Team]:
    """A team whose store is Redis, or the database that the parameter names."""
    with ExitStack() as stack:
        if kind := getattr(request, "param", ""):
            url, make = (request.getfixturevalue(f"{kind}_{what}") for what in ("url", "manager"))
            yield Team(webex_sandbox, make, stack, redis_url, url)
        else:
            yield Team(webex_sandbox, redis_manager, stack, redis_url)


@pytest.mark.holds(75)
@pytest.mark.parametrize("team", ["", "postgres"], indirect=True, ids=["redis", "postgres"])
def test_when_the_one_that_is_connected_is_killed_another_one_goes_on(
    team: Team, webex_sandbox: WebexSandbox, client: redis.Redis, alice: Person
) -> None:
    active, standby = team.start(take_over_after=4.0)
    bob = webex_sandbox.add_person("Bob Brown")
    waiting = team.says(alice, "whoami")
    card = team.answer(waiting).card
    held = team.says(bob, "hold")
    wait_until(lambda: client.llen(BEGUN), "the command runs")
    os.kill(active.process.pid, signal.SIGKILL)
    asked = team.says(bob, "help")
    assert webex_sandbox.log_in(open_url(card or {}), alice).status_code == 200
    assert team.answer(waiting, "You are Alice Adams")
    assert team.answer(asked, "This bot requires")
    assert team.answer(held, TEXTS.interrupted)
    assert ACTIVE in standby.log
    assert client.lrange(BEGUN, 0, -1) == [str(active.process.pid).encode()]
    assert len([text for text in team.answers(alice) if "You are Alice Adams" in text]) == 1
    assert team.devices() == 1


def test_one_that_is_told_to_end_hands_over_at_once_after_the_commands_that_run(
    team: Team, client: redis.Redis, alice: Person
) -> None:
    active, standby = team.start(take_over_after=600.0)  # nobody would wait for that
    held = team.says(alice, "hold")
    wait_until(lambda: client.llen(BEGUN), "the command runs")
    active.process.send_signal(signal.SIGTERM)
    asked = team.says(alice, "help")
    client.rpush(GO, "go")
    assert team.answer(held, f"held by {active.process.pid}")
    assert active.ended() == 0
    assert team.answer(asked, "This bot requires")
    assert ACTIVE in standby.log
    assert "Traceback" not in active.log
    assert team.devices() == 1


@pytest.mark.holds(75)
def test_one_that_was_frozen_answers_nothing_when_it_wakes(
    team: Team, webex_sandbox: WebexSandbox, client: redis.Redis, alice: Person
) -> None:
    active, standby = team.start(take_over_after=3.0)
    held = team.says(alice, "hold")
    wait_until(lambda: client.llen(BEGUN), "the command runs")
    os.kill(active.process.pid, signal.SIGSTOP)
    client.rpush(GO, "go")  # its answer is ready when it wakes
    assert team.answer(held, TEXTS.interrupted)
    assert ACTIVE in standby.log
    os.kill(active.process.pid, signal.SIGCONT)
    active.wait_for("event left to the process that runs the bot now")
    active.wait_for("standing by: another process runs the bot")
    asked = team.says(webex_sandbox.add_person("Bob Brown"), "help")
    assert team.answer(asked, "This bot requires")
    assert team.answers(alice) == [TEXTS.interrupted]
    standby.stop()
    active.wait_for(ACTIVE, times=2)
    assert team.answer(team.says(alice, "help"), "This bot requires")
    assert team.devices() == 1


def test_ctrl_c_ends_silently(team: Team) -> None:
    for process in team.start(take_over_after=15.0):
        process.process.send_signal(signal.SIGINT)
        assert process.ended() == 0
        assert "Traceback" not in process.log
        assert "ERROR" not in process.log
