"""Short-lived texts in Redis, for several processes. Every key expires by itself."""

from __future__ import annotations

from typing import Any

from redis import Redis

from .. import Missing, Record
from . import scripts
from .client import MAX_POP_SECONDS
from .errors import text, translate_redis_errors
from .maintenance import USED, FlowMaintenance, flow_keys, is_due, is_used
from .pipeline import answers, raise_errors


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
        self._schedule = f"{bot_prefix}schedule"

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

    def schedule(self, flow_id: str, seconds: float) -> None:
        with translate_redis_errors(self._schedule):
            self._redis.eval(scripts.SCHEDULE, 1, self._schedule, flow_id, seconds, DAY_MILLISECONDS)

    def due(self, lease: float) -> tuple[str, Record] | None:
        with translate_redis_errors(self._schedule):
            found: Any = self._redis.eval(scripts.DUE, 1, self._schedule, lease)
            if found is None:
                return None
            flow_id = text(found)
            record: Any = self._redis.get(self._record_key(flow_id))
            if record is None or is_used(record):
                self._redis.zrem(self._schedule, flow_id)
                return None
        return flow_id, record

    def count(self, key: str, seconds: float) -> int:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            counted: Any = self._redis.eval(scripts.COUNT, 1, full_key, _milliseconds(seconds))
        return int(counted)

    def claim(self, key: str, seconds: float) -> bool:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            return bool(self._redis.set(full_key, 1, nx=True, px=_milliseconds(seconds)))

    def push(self, key: str, text: str, *, seconds: float, keep: int | None = None) -> list[Record]:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            dropped: Any = self._redis.eval(
                scripts.PUSH, 1, full_key, text, keep or 0, _milliseconds(seconds)
            )
        return list(dropped)

    def take_all(self, key: str, *, forget: str, mark: str) -> tuple[list[Record], float | None]:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            texts, remaining, _ = answers(
                self._redis,
                lambda it: it.eval(scripts.TAKE_ALL, 1, full_key),
                lambda it: it.pttl(self._bot_prefix + mark),
                lambda it: it.delete(self._bot_prefix + forget),
            )
            raise_errors(texts)  # what was taken must not be lost because another node of a cluster is down
        is_marked = isinstance(remaining, int) and remaining >= 0
        return list(texts), remaining / 1000 if is_marked else None

    def mark(self, key: str, seconds: float) -> None:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            self._redis.set(full_key, 1, px=_milliseconds(seconds))

    def drop_all(self, owner: str) -> None:
        owned = self._owned_key(owner)
        with translate_redis_errors(owned):
            flow_ids: Any = self._redis.eval(scripts.TAKE_ALL, 1, owned)
            self._maintenance.drop(flow_ids, flow_keys(self._flow_set, flow_ids))

    def pop(self, key: str, timeout: float) -> Record | None:
        full_key = self._bot_prefix + key
        with translate_redis_errors(full_key):
            popped: Any = self._redis.blpop([full_key], timeout=min(timeout, MAX_POP_SECONDS))
        return None if popped is None else popped[1]

    def close(self) -> None:
        """Wait for maintenance. A blocking pop ends by itself, see :data:`MAX_POP_SECONDS`."""
        self._maintenance.close()

    def _owned_key(self, owner: str) -> str:
        return f"{self._bot_prefix}flows-of-{owner}"

    def _record_key(self, flow_id: str) -> str:
        return f"{self._flow_set}-{flow_id}"


#: a schedule that nobody adds to is forgotten after a day
DAY_MILLISECONDS = 24 * 60 * 60 * 1000


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
