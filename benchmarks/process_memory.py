"""Memory of a bot's process: with many users, and after a day's messages; each measured in one of its own."""

from __future__ import annotations

import base64
import gc
import json
import logging
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from support.redis_server import RedisServer
from support.redis_stores import events_of

from webex_bot_auth import RedisTokenManager, YAMLTokenManager
from webex_bot_auth.commands import events as events_of_bots
from webex_bot_auth.commands.handling import event_queues
from webex_bot_auth.stores.yaml_lines import HEADER, line_of

from .measuring import Curve, Figure
from .sample_users_and_commands import INTEGRATION, GuardedEcho, call_of, context

USERS = (10_000, 100_000)
MESSAGES = 100_000
#: events are remembered for 20 minutes; here, the messages of a day take so many seconds
DAY_SECONDS = 20.0
PEOPLE = 1_000
MEBIBYTE = 1024 * 1024


def measure() -> Iterator[Figure | Curve]:
    lines: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        for store in ("YAML", "Redis"):
            place = server.url if store == "Redis" else folder
            for users in USERS:
                _in_process("fill", store, place, users)
                lines.setdefault(store, []).append(_in_process("users", store, place, users))
        day = _in_process("messages", "YAML", folder, MESSAGES)
    yield Figure(
        f"memory of a bot, Redis: added by {USERS[1]:,} users who came by", lines["Redis"][1], "MiB", 10,
        f"by {USERS[0]:,}: {lines['Redis'][0]:.1f} MiB",
    )  # fmt: skip
    yield Figure(
        f"memory of a bot, YAML: added by {USERS[1]:,} users who came by", lines["YAML"][1], "MiB", None,
        f"by {USERS[0]:,}: {lines['YAML'][0]:.1f} MiB; the content of the file is in memory",
    )  # fmt: skip
    yield Figure(
        f"memory of a bot: added by a day's {MESSAGES:,} messages", day, "MiB", 10,
        "after the first tenth of them",
    )  # fmt: skip
    yield Curve("memory-of-a-bot-by-users", "users who came by", "MiB added", USERS, lines)


def _in_process(what: str, store: str, place: str, count: int) -> float:
    told = json.dumps([what, store, place, count])
    printed = subprocess.run(
        [sys.executable, "-m", __name__, told], capture_output=True, text=True, check=True, timeout=240
    )
    return float(printed.stdout)


def _user(number: int) -> str:
    """A person id, in the form in which Webex writes it."""
    return base64.b64encode(f"ciscospark://us/PEOPLE/{uuid.UUID(int=number)}".encode()).decode().rstrip("=")


def _manager(store: str, place: str, count: int) -> Any:
    if store == "Redis":
        return RedisTokenManager("-", INTEGRATION, redis_url=place)
    return YAMLTokenManager("-", INTEGRATION, yml_base=f"{place}/{count}")


def _fill(store: str, place: str, count: int) -> float:
    """Store so many users."""
    sample = context(_user(0)).model_dump_json(exclude_none=True)
    records = ((one, sample.replace(_user(0), one)) for one in map(_user, range(count)))
    if store == "YAML":
        with Path(place, f"{count}.yml").open("wb") as file:
            file.write(HEADER)
            file.writelines(line_of(user_id, record) for user_id, record in records)
        return 0
    with _manager(store, place, count) as manager:
        manager.redis.flushall()
        while some := {f"user-{user_id}": record for user_id, record in islice(records, 1_000)}:
            manager.redis.mset(some)
    return 0


def _users(store: str, place: str, count: int) -> float:
    """Mebibytes added by users who send a guarded command each."""
    with _manager(store, place, 0) as empty:
        GuardedEcho(token_manager=empty)  # all that is imported is imported now
        empty.get_user_context(user_id=_user(count))
    manager = _manager(store, place, count)
    guarded = GuardedEcho(token_manager=manager)
    before = _resident()
    for number in range(count):
        guarded.execute(*call_of(_user(number)))
    return (_resident() - before) / MEBIBYTE


def _messages(store: str, place: str, count: int) -> float:
    """Mebibytes added by messages, from the event to the end of the command, without HTTP."""
    events_of_bots.EVENT_SECONDS *= DAY_SECONDS / (24 * 60 * 60)
    manager = _manager(store, place, count)
    guarded = GuardedEcho(token_manager=manager)
    events, queues, on_their_way = events_of(manager), event_queues(32), threading.Semaphore(64)

    def handle(event_id: str, user_id: str) -> None:
        if events.claim(event_id, user_id):
            guarded.execute(*call_of(user_id))
            events.end(event_id, user_id)
        on_their_way.release()

    before = 0
    for number in range(count):
        on_their_way.acquire()
        event_id, user_id = f"post-{number:036d}", _user(number % PEOPLE)
        if events.is_new(event_id):
            queues.submit(user_id, partial(handle, event_id, user_id))
        if number == count // 10:
            before = _resident()
    queues.close(60.0)
    return (_resident() - before) / MEBIBYTE


def _resident() -> int:
    """Bytes of memory that the process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    what, *rest = json.loads(sys.argv[1])
    print({"fill": _fill, "users": _users, "messages": _messages}[what](*rest))
