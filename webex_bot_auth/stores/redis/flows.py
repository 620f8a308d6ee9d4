"""Short-lived texts in Redis, for several processes. Every key expires by itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redis import Redis

from ..protocols import Missing, Record
from . import scripts
from .client import MAX_POP_SECONDS
from .errors import ERRORS, as_text, translate_redis_errors
from .maintenance import USED, FlowMaintenance, flow_keys, is_due, is_used
from .pipeline import Command, answers, raise_errors


class RedisFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`.

    Records are shared by all bots, as their ids are; every other key belongs to one bot, and its name says
    so.

    Args:
        client: a redis-py client
        maintenance: is told of records that are too many, and started when it is due
        flow_set: key of the set of ids of records, and what the keys of records begin with
        bot_prefix: what all other keys begin with; names the bot
    """

    def __init__(
        self, client: Redis, maintenance: FlowMaintenance, *, flow_set: str, bot_prefix: str
    ) -> None:
        self._redis = client
        self._maintenance = maintenance
        self._flow_set = flow_set
        self._bot_prefix = bot_prefix
        self._popped: set[str] = set()
        self._name = secrets.token_hex(8)

    def __str__(self) -> str:
        return f"Redis keys {self._flow_set}-* and {self._bot_prefix}*"

    def put(self, flow_id: str, record: str, *, owner: str, seconds: float, keep: int) -> None:
        owned, milliseconds = self._owned_key(owner), _milliseconds(seconds)
        with translate_redis_errors(owned):
            *done, too_many, maintained = answers(
                self._redis,
                lambda it: it.set(self._record_key(flow_id), record, px=milliseconds),
                lambda it: it.sadd(self._flow_set, flow_id),
                lambda it: it.pexpire(self._flow_set, milliseconds),
                lambda it: it.eval(scripts.PUSH, 1, owned, flow_id, keep, milliseconds),
                lambda it: it.get(self._maintenance.latest),
            )
            raise_errors(*done, too_many, maintained)
            self._maintenance.drop(too_many, flow_keys(self._flow_set, too_many))
        if is_due(maintained):
            self._maintenance.run_in_background()

    def take(self, flow_id: str, *, seconds: float) -> Record | Missing:
        key = self._record_key(flow_id)
        with translate_redis_errors(self._flow_set):
            # atomic: only one gets the record, and the others find a mark in its place; with the record in
            # hand, a set that cannot be reached (another node of a cluster) is no matter
            record, _ = answers(
                self._redis,
                lambda it: it.eval(scripts.TAKE, 1, key, USED, _milliseconds(seconds)),
                lambda it: it.srem(self._flow_set, flow_id),
            )
            raise_errors(record)
        if record is None:
            return Missing.UNKNOWN
        found: Record = record
        return Missing.USED if is_used(found) else found

    def read(self, flow_id: str) -> Record | None:
        key = self._record_key(flow_id)
        with translate_redis_errors(self._flow_set):
            record: Any = self._redis.get(key)
        return None if is_used(record) else record

    def schedule(self, key: str, item: str, seconds: float) -> None:
        self._run(scripts.SCHEDULE, key, item, seconds, DAY_MILLISECONDS)

    def due(self, key: str, lease: float) -> str | None:
        found = self._run(scripts.DUE, key, lease)
        return None if found is None else as_text(found)

    def unschedule(self, key: str, item: str) -> None:
        self._at(key, lambda it: self._redis.zrem(it, item))

    def count(self, key: str, seconds: float) -> int:
        return int(self._run(scripts.COUNT, key, _milliseconds(seconds)))

    def claim(self, key: str, seconds: float) -> bool:
        return bool(self._at(key, lambda it: self._redis.set(it, 1, nx=True, px=_milliseconds(seconds))))

    def push(self, key: str, text: str, *, seconds: float, keep: int | None = None) -> list[Record]:
        return list(self._run(scripts.PUSH, key, text, keep or 0, _milliseconds(seconds)))

    def take_all(
        self, *keys: str, forget: str, mark: str, leave: tuple[str, float] | None = None
    ) -> tuple[list[list[Record]], float | None]:
        prefix = self._bot_prefix
        commands: list[Command] = [_take_all(prefix + key) for key in keys]
        if leave:
            commands.append(lambda it: it.set(prefix + leave[0], 1, px=_milliseconds(leave[1])))
        with translate_redis_errors(prefix + keys[0]):
            remaining, _, *given = answers(
                self._redis,
                lambda it: it.pttl(prefix + mark),
                lambda it: it.delete(prefix + forget),
                *commands,
            )
            taken = given[: len(keys)]
            # what was taken must not be lost because another node of a cluster is down
            if all(isinstance(one, Exception) for one in taken):
                raise_errors(*taken)
        is_marked = isinstance(remaining, int) and remaining >= 0
        texts = [[] if isinstance(one, Exception) else list(one) for one in taken]
        return texts, remaining / 1000 if is_marked else None

    def mark(self, key: str, seconds: float) -> None:
        self._at(key, lambda it: self._redis.set(it, 1, px=_milliseconds(seconds)))

    def is_marked(self, key: str) -> bool:
        return bool(self._at(key, self._redis.exists))

    def drop_all(self, owner: str) -> None:
        owned = self._owned_key(owner)
        with translate_redis_errors(owned):
            flow_ids: Any = self._redis.eval(scripts.TAKE_ALL, 1, owned)
            self._maintenance.drop(flow_ids, flow_keys(self._flow_set, flow_ids))

    def pop(self, key: str, timeout: float) -> Record | None:
        seconds, own = min(timeout, MAX_POP_SECONDS), self._bot_prefix + key
        self._popped.add(key)
        popped = self._at(key, lambda it: self._redis.blpop([it, self._wake_key(it)], timeout=seconds))
        return None if popped is None or as_text(popped[0]) != own else popped[1]

    def close(self) -> None:
        """Wait for maintenance, and wake up :meth:`pop`: cutting it off could lose what it just receives."""
        self._maintenance.close()
        for key in self._popped:
            wake_key = self._wake_key(self._bot_prefix + key)
            with suppress(*ERRORS):
                self._redis.eval(scripts.PUSH, 1, wake_key, "closed", 0, WAKE_MILLISECONDS)

    def _run(self, script: str, key: str, *arguments: Any) -> Any:
        """Run a script on one key of this bot."""
        return self._at(key, lambda it: self._redis.eval(script, 1, it, *arguments))

    def _at(self, key: str, command: Callable[[str], Any]) -> Any:
        """Do something with one key of this bot, which is given its full name."""
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            return command(full_key)

    def _wake_key(self, key: str) -> str:
        """A key that this process alone looks at. The hash tag puts it on the same node of a cluster."""
        return f"{key}-wake-{self._name}-{os.getpid()}-{{{key}}}"

    def _owned_key(self, owner: str) -> str:
        return f"{self._bot_prefix}flows-of-{owner}"

    def _record_key(self, flow_id: str) -> str:
        return f"{self._flow_set}-{flow_id}"


#: long enough for a thread that is just about to wait; nobody needs it after that
WAKE_MILLISECONDS = 5_000
#: a schedule that nobody adds to is forgotten after a day
DAY_MILLISECONDS = 24 * 60 * 60 * 1000


def _take_all(key: str) -> Command:
    return lambda it: it.eval(scripts.TAKE_ALL, 1, key)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
