"""From the start of a bot's process to its first answer; and how long it takes to close one on Redis."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.redis_server import RedisServer
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import RedisTokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.sandbox.clients import point_clients_at

from .measuring import Figure
from .sample_users_and_commands import INTEGRATION, Echo, GuardedEcho, context

ROUNDS = 2
KINDS = ("bare", "YAML", "Redis")


def measure() -> Iterator[Figure]:
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        for _ in range(ROUNDS):
            for kind in KINDS:
                seconds[kind].append(_start(kind, server.url if kind == "Redis" else folder))
        yield from (
            Figure(
                f"start of a bot's process to its first answer, {kind}", min(seconds[kind]), "s", None,
                f"webex_bot alone: {min(seconds['bare']):.2f} s; the fastest of {ROUNDS} runs",
            )
            for kind in KINDS[1:]
        )  # fmt: skip
        yield Figure("close() of a bot on Redis", _close(server.url) * 1e3, "ms", 100, "while it waits")


def _start(kind: str, place: str) -> float:
    """Seconds until a guarded command is answered."""
    with Sandbox() as cloud:
        bot, person = cloud.add_bot("Echo Bot"), cloud.add_person("Alice Adams")
        told = {"kind": kind, "url": cloud.url, "token": bot.token, "place": place}
        if kind != "bare":
            with _manager(told) as manager:
                manager.set_user_context(user_id=person.id, user_context=context(person.id))
        started = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", __name__, json.dumps(told)]) as process:
            try:
                cloud.wait_until_online(bot, timeout=60)
                asked = cloud.say(person, cloud.direct(person, bot), "echo")
                cloud.wait_for_message(asked.room, person=bot, after=asked)
                return time.perf_counter() - started
            finally:
                process.terminate()


def _close(url: str) -> float:
    """Seconds; the slowest of some bots that wait for commands to resume."""
    took = []
    with Sandbox() as cloud, cloud.clients():
        for number in range(ROUNDS):
            bot = cloud.add_bot(f"Bot {number}")
            manager = RedisTokenManager(bot.token, INTEGRATION, redis_url=url)
            manager.register_bot(bot=WebexBot(teams_bot_token=bot.token, log_level="CRITICAL"))
            while not manager.redis.info("clients")["blocked_clients"]:
                time.sleep(0.01)
            started = time.perf_counter()
            manager.close()
            took.append(time.perf_counter() - started)
    return max(took)


def _manager(told: dict[str, str]) -> Any:
    if told["kind"] == "Redis":
        return RedisTokenManager(told["token"], INTEGRATION, redis_url=told["place"])
    return YAMLTokenManager(told["token"], INTEGRATION, yml_base=f"{told['place']}/tokens")


def _run(told: dict[str, str]) -> None:
    """Run the bot until the process is ended."""
    point_clients_at(told["url"])
    bot = WebexBot(teams_bot_token=told["token"], log_level="CRITICAL")
    if told["kind"] == "bare":
        bot.add_command(Echo("echo"))
    else:
        manager = _manager(told)
        bot.add_command(GuardedEcho("echo", token_manager=manager))
        manager.register_bot(bot=bot)
    bot.run()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    _run(json.loads(sys.argv[1]))
