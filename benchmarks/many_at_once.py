"""How long it takes to answer a hundred messages at once whose commands take half a second each."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from webex_bot.webex_bot import WebexBot

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.sandbox import Message, Sandbox
from webex_bot_auth.sandbox.clients import point_clients_at

from .measuring import Figure
from .sample_users_and_commands import INTEGRATION, Echo, GuardedEcho, context

MESSAGES, PEOPLE, WORKERS = 100, 20, 64
COMMAND_SECONDS = 0.5


class Slow(GuardedEcho):
    """A guarded command that waits for something."""

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        time.sleep(COMMAND_SECONDS)
        return f"answer {message.strip()}"


def measure() -> Iterator[Figure]:
    what = f"{MESSAGES} messages at once, commands of {COMMAND_SECONDS} s, {WORKERS} workers"
    with tempfile.TemporaryDirectory() as folder, Sandbox() as cloud:
        bot = cloud.add_bot("Slow Bot")
        people = [cloud.add_person(f"Person {number}") for number in range(PEOPLE)]
        told = {"url": cloud.url, "token": bot.token, "yml_base": str(Path(folder, "tokens"))}
        with YAMLTokenManager(bot.token, INTEGRATION, yml_base=told["yml_base"]) as manager:
            for person in people:
                manager.set_user_context(user_id=person.id, user_context=context(person.id))
        with subprocess.Popen([sys.executable, "-m", __name__, json.dumps(told)]) as process:
            try:
                cloud.wait_until_online(bot, timeout=30)
                _ask(cloud, bot, people[:1], 3, "echo")  # warms up
                for of, some in ((f"of {PEOPLE} people", people), ("of one person", people[:1])):
                    seconds = _ask(cloud, bot, some, MESSAGES, "slow")
                    yield Figure(f"{what}, {of}", seconds, "s", 2.0, "until the last answer")
            finally:
                process.terminate()


def _ask(cloud: Sandbox, bot: Any, people: list[Any], count: int, keyword: str) -> float:
    """Seconds from the first message to the last answer."""
    rooms = [cloud.direct(person, bot) for person in people]
    asked = [
        cloud.say(people[number % len(people)], rooms[number % len(people)], f"{keyword} {number}")
        for number in range(count)
    ]
    answers = [
        cloud.wait_for_message(one.room, partial(_answers, one), person=bot, timeout=60) for one in asked
    ]
    return (max(one.created for one in answers) - asked[0].created).total_seconds()


def _answers(asked: Message, message: Message) -> bool:
    return message.parent == asked


def _run(told: dict[str, str]) -> None:
    """Run the bot until the process is ended."""
    point_clients_at(told["url"])
    manager = YAMLTokenManager(told["token"], INTEGRATION, yml_base=told["yml_base"])
    bot = WebexBot(teams_bot_token=told["token"], log_level="CRITICAL")
    bot.add_command(Echo("echo"))
    bot.add_command(Slow("slow", token_manager=manager))
    manager.register_bot(bot=bot, workers=WORKERS)
    bot.run()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _run(json.loads(sys.argv[1]))
