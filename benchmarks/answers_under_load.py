"""How many of 200 messages sent at once over TLS get an answer, with and without ``register_bot``.

Each run has a process of its own, as webex_bot alone may end its process.
"""

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webex_bot.webex_bot import WebexBot

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.sandbox import Message, NoSuchMessageError, Person, Sandbox

from .measuring import Figure
from .sample_users_and_commands import Echo

PEOPLE, TURNS = 20, 10
#: after so many seconds without an answer, the others count as lost
MAX_WAIT = 8.0
RUNS = 3


def measure() -> Iterator[Figure]:
    for registered in (False, True):
        runs = [run_in_process(registered) for _ in range(RUNS if registered else 1)]
        which = "with register_bot" if registered else "webex_bot alone"
        lost = PEOPLE * TURNS - min(runs)
        yield Figure(
            f"200 messages at once over TLS, {which}: lost", lost, "", 0 if registered else None,
            f"the worst of {len(runs)} runs; answered: {', '.join(map(str, runs))}",
        )  # fmt: skip


def run_in_process(registered: bool) -> int:
    """How many messages get their answer; 0 where the process died."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, "registered" if registered else "bare"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return int(done.stdout.strip() or 0)


def answered(registered: bool) -> int:
    """How many messages get their answer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(tls=True) as cloud,
        cloud.clients(),
        bot_with_manager(cloud, folder) as (person, manager),
    ):
        bot = WebexBot(teams_bot_token=person.token, log_level="CRITICAL")
        bot.add_command(Echo())
        if registered:
            manager.register_bot(bot=bot)
        rooms = [cloud.direct(cloud.add_person(f"Person {number}"), person) for number in range(PEOPLE)]
        people = {room: next(one for one in room.people if not one.is_bot) for room in rooms}
        with cloud.run_bot(bot):
            asked = [cloud.say(people[room], room, f"echo {turn}") for turn in range(TURNS) for room in rooms]
            count, wait = 0, MAX_WAIT
            for question in asked:
                try:
                    is_answer = functools.partial(answers, question)
                    cloud.wait_for_message(question.room, is_answer, timeout=wait)
                    count += 1
                except NoSuchMessageError:
                    wait = 0.01  # answers that have not come by now do not come
            return count


@contextmanager
def bot_with_manager(cloud: Sandbox, folder: str) -> Iterator[tuple[Person, YAMLTokenManager]]:
    """A bot, and the token manager that has its token."""
    person = cloud.add_bot("Echo Bot")
    base = str(Path(folder) / "tokens")
    with YAMLTokenManager(person.token, cloud.integration(), yml_base=base) as manager:
        yield person, manager


def answers(question: Message, message: Message) -> bool:
    return message.parent == question


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(answered(sys.argv[1] == "registered"))
