"""From a message to its answer, through the real webex_bot: a guarded echo against an unguarded one."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.redis_server import RedisServer
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import RedisTokenManager, TokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.sandbox.clients import point_clients_at

from .measuring import Figure
from .sample_users_and_commands import INTEGRATION, Echo, GuardedEcho, context

USERS, MESSAGES, ROUNDS = 20, 200, 3
#: a keyword, and the name of the bot to which it is said
Question = tuple[str, str]

KEYWORDS = ("public", "secret")
#: one bot uses Redis, one a file, and one is not registered
QUESTIONS = UNGUARDED, GUARDED, UNGUARDED_FILE, GUARDED_FILE, BARE = (
    ("public", "Redis Bot"),
    ("secret", "Redis Bot"),
    ("public", "YAML Bot"),
    ("secret", "YAML Bot"),
    ("public", "Bare Bot"),
)


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder)) as server,
        Sandbox() as cloud,
    ):
        people = [cloud.add_person(f"Person {number}") for number in range(USERS)]
        bots = {name: cloud.add_bot(name) for name in ("Redis Bot", "YAML Bot", "Bare Bot")}
        store = {name: bot.token for name, bot in bots.items()} | {
            "redis": server.url,
            "yaml": f"{folder}/tokens",
        }
        for manager in _managers(store).values():
            with manager:
                for person in people:
                    manager.set_user_context(user_id=person.id, user_context=context(person.id))
        with _process_of_bots(cloud.url, json.dumps(store)):
            for bot in bots.values():
                cloud.wait_until_online(bot, timeout=30)
            rounds = [_medians(_ask(cloud, people, bots)) for _ in range(ROUNDS)]
    unguarded = (
        f"unguarded echo of the same bot, {statistics.median(one[UNGUARDED] for one in rounds):.1f} ms"
    )
    yield Figure(
        "message to answer, guarded echo, YAML", _ratio(rounds, GUARDED_FILE, UNGUARDED_FILE), "x", 1.05,
        unguarded,
    )  # fmt: skip
    # no limit: one GET by redis-py on a machine that has just been idle is 5 to 10 % of an answer from a
    # cloud without a network in between; with the real one it is less than 1 %
    yield Figure(
        "message to answer, guarded echo, Redis", _ratio(rounds, GUARDED, UNGUARDED), "x", None, unguarded
    )
    yield Figure(
        "message to answer, guarded echo, Redis: added",
        statistics.median(one[GUARDED] - one[UNGUARDED] for one in rounds), "ms", 1,
        "1 % of an answer that takes 100 ms",
    )  # fmt: skip
    yield Figure(
        "message to answer, guarded echo, Redis", _ratio(rounds, GUARDED, BARE), "x", None,
        "echo of a bot that is not registered",
    )  # fmt: skip


def _medians(seconds: dict[Question, list[float]]) -> dict[Question, float]:
    """In milliseconds."""
    return {what: statistics.median(times) * 1e3 for what, times in seconds.items()}


def _ratio(rounds: list[dict[Question, float]], mine: Question, reference: Question) -> float:
    return statistics.median(one[mine] / one[reference] for one in rounds)


def _ask(cloud: Sandbox, people: list[Person], bots: dict[str, Person]) -> dict[Question, list[float]]:
    """Each person asks each question in turn, and waits for the answer.

    Returns:
        for each question, the seconds until each answer
    """
    seconds: dict[Question, list[float]] = {what: [] for what in QUESTIONS}
    rooms = {(person, name): cloud.direct(person, bot) for person in people for name, bot in bots.items()}
    for turn in range(-1, MESSAGES // USERS):
        for number, person in enumerate(people):
            for keyword, name in QUESTIONS if number % 2 else reversed(QUESTIONS):
                asked = cloud.say(person, rooms[person, name], f"{keyword} {turn}")
                answer = cloud.wait_for_message(asked.room, person=bots[name], after=asked)
                if turn >= 0:  # the first one warms up
                    seconds[keyword, name].append((answer.created - asked.created).total_seconds())
    return seconds


def _managers(store: Mapping[str, str]) -> dict[str, TokenManager]:
    return {
        "Redis Bot": RedisTokenManager(store["Redis Bot"], INTEGRATION, redis_url=store["redis"]),
        "YAML Bot": YAMLTokenManager(store["YAML Bot"], INTEGRATION, yml_base=store["yaml"]),
    }


@contextmanager
def _process_of_bots(*arguments: str) -> Iterator[None]:
    """Run the bots in a process of their own: in production, too, the cloud is not in theirs."""
    with subprocess.Popen([sys.executable, "-m", __name__, *arguments]) as process:
        yield
        process.terminate()


def _run(cloud_url: str, store: Mapping[str, str]) -> None:
    """Run the bots until the process is ended."""
    point_clients_at(cloud_url, report=False)
    for name, manager in _managers(store).items():
        bot = WebexBot(teams_bot_token=store[name], log_level="CRITICAL")
        bot.add_command(Echo("public"))
        bot.add_command(GuardedEcho("secret", token_manager=manager))
        manager.register_bot(bot=bot)
        # webex_bot has a set of commands: its random order changes the result by 2 %
        bot.commands = sorted(bot.commands, key=lambda command: command.command_keyword not in KEYWORDS)
        threading.Thread(target=_run_in_thread, args=(bot,), daemon=True).start()
    bare = WebexBot(teams_bot_token=store["Bare Bot"], log_level="CRITICAL")
    bare.add_command(Echo("public"))
    bare.run()


def _run_in_thread(bot: Any) -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())  # where webex_bot looks for one
    bot.run()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _run(sys.argv[1], json.loads(sys.argv[2]))
