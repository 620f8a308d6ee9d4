"""Logins under way, in Redis: for several processes. Every key expires by itself.

Operations that have to be atomic touch one key each, so that a cluster may spread the keys as it likes.
"""

from __future__ import annotations

import datetime
import logging
import threading
from io import TextIOBase
from typing import Any

from redis import Redis

from ..errors import StoreError, StoreUnreadable
from .models import FlowState, InterruptedCommand, NoFlow, reference, utc_now
from .pending import LEASE_SECONDS, MOST_FLOWS, MemoryPending
from .records import Records, owner_of
from .redis_client import answering, text

log = logging.getLogger(__name__)

MAINTENANCE_INTERVAL = datetime.timedelta(minutes=15)
#: so long the cloud may deliver an event again, and a bit
EVENT_SECONDS = 20 * 60
#: ids that maintenance looks at in one step; a step is short, so that nobody waits for it
STEP = 500
#: a blocking pop has to end before the connection's own time limit; seconds
LONGEST_POP = 1.0
_USED = "used"
_USED_MARKS = (_USED, _USED.encode())  # as clients that decode give it, and others

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
"""


# by the server's clock, as those of several machines differ
_SCHEDULE = """
local now = redis.call('TIME')
redis.call('ZADD', KEYS[1], now[1] + now[2] / 1000000 + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
_CLAIM = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)
if not due[1] then return nil end
redis.call('ZADD', KEYS[1], now + ARGV[1], due[1])
return due[1]
"""


class RedisPending:
    """Flows and interrupted commands in Redis; see :class:`~webex_bot_auth.user_context.pending.Pending`.

    :param flow_set: key of the set of active flow ids
    :param maintained: key of the time of the latest maintenance
    :param prefix: put before all other keys
    :param bot: tells bots apart that share a Redis: what one has heard is not for the others
    """

    def __init__(
        self,
        client: Redis,
        records: Records,
        *,
        lifetime: datetime.timedelta,
        flow_set: str,
        maintained: str,
        prefix: str,
        bot: str,
    ) -> None:
        self._redis = client
        self._records = records
        self._lifetime = lifetime
        self._milliseconds = max(1, int(lifetime.total_seconds() * 1000))
        self._flow_set = flow_set
        self._maintained = maintained
        self._bot = bot
        self._due = f"{prefix}device"
        self._queue = f"{prefix}resume-{bot}"
        self._prefix = prefix
        self._maintaining = threading.Lock()
        self._maintenance: threading.Thread | None = None
        self._events = MemoryPending(lifetime=lifetime)

    def put(self, flow_id: str, flow: FlowState) -> None:
        mine = f"{self._prefix}pending-{flow.user_id}"
        record = self._records.dump(flow, bound_to=f"flow:{flow_id}")
        with answering(mine), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(self._flow_key(flow_id), record, px=self._milliseconds)
            pipe.sadd(self._flow_set, flow_id)
            pipe.pexpire(self._flow_set, self._milliseconds)
            pipe.lpush(mine, flow_id)
            pipe.lrange(mine, MOST_FLOWS, -1)
            pipe.ltrim(mine, 0, MOST_FLOWS - 1)
            pipe.pexpire(mine, self._milliseconds)
            pipe.get(self._maintained)
            answers = pipe.execute()
        if too_many := [text(old) for old in answers[4]]:
            self._drop(too_many)
        if _is_due(answers[7]):
            self._maintain_beside()

    def take(self, flow_id: str) -> FlowState | NoFlow:
        key = self._flow_key(flow_id)
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            # atomic: whoever gets the record here is the only one; the mark expires as the flow would
            pipe.set(key, _USED, xx=True, get=True, px=self._milliseconds)
            pipe.srem(self._flow_set, flow_id)
            raw, _ = pipe.execute()
        if raw is None:
            return NoFlow.UNKNOWN
        if raw in _USED_MARKS:
            return NoFlow.USED
        return self._flow(flow_id, raw)

    def poll_later(self, flow_id: str, seconds: float) -> None:
        with answering(self._due):
            self._redis.eval(_SCHEDULE, 1, self._due, flow_id, seconds, self._milliseconds)

    def next_due(self) -> tuple[str, FlowState] | None:
        with answering(self._due):
            claimed = self._redis.eval(_CLAIM, 1, self._due, LEASE_SECONDS)
            if claimed is None:
                return None
            flow_id = text(claimed)
            raw = self._redis.get(self._flow_key(flow_id))
            if raw is None or raw in _USED_MARKS:
                self._redis.zrem(self._due, flow_id)
                return None
        return flow_id, self._flow(flow_id, raw)

    def count_ask(self, user_id: str) -> int:
        key = f"{self._prefix}asked-{user_id}"
        with answering(key):
            return int(self._redis.eval(_COUNT, 1, key, self._milliseconds))

    def interrupt(self, command: InterruptedCommand) -> None:
        key = f"{self._prefix}interrupted-{self._bot}-{command.user_id}"
        with answering(key):
            self._redis.set(
                key,
                self._records.dump(command, bound_to=f"interrupted:{command.user_id}"),
                px=self._milliseconds,
            )

    def take_interrupted(self, user_id: str) -> InterruptedCommand | None:
        key = f"{self._prefix}interrupted-{self._bot}-{user_id}"
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            pipe.getdel(key)
            pipe.delete(f"{self._prefix}asked-{user_id}")
            raw, _ = pipe.execute()
        return None if raw is None else self._interrupted(raw, user_id)

    def release(self, command: InterruptedCommand) -> None:
        record = self._records.dump(command, bound_to=f"interrupted:{command.user_id}")
        with answering(self._queue), self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(self._queue, record)
            pipe.pexpire(self._queue, self._milliseconds)
            pipe.execute()

    def next_released(self, timeout: float) -> InterruptedCommand | None:
        with answering(self._queue):
            popped: Any = self._redis.blpop([self._queue], timeout=min(timeout, LONGEST_POP))
        return None if popped is None else self._interrupted(popped[1], owner_of(popped[1]))

    def first_time(self, event_id: str) -> bool:
        if not self._events.first_time(event_id):
            return False
        try:
            with answering(f"{self._prefix}event-{self._bot}-{event_id}"):
                return bool(
                    self._redis.set(
                        f"{self._prefix}event-{self._bot}-{event_id}", 1, nx=True, ex=EVENT_SECONDS
                    )
                )
        except StoreError as error:
            log.warning("event not compared with other processes' ones: %s", error)
            return True

    def close(self) -> None:
        """Wait for maintenance. A blocking pop ends by itself, see :data:`LONGEST_POP`."""
        with self._maintaining:
            if self._maintenance is not None:
                self._maintenance.join()

    def maintenance_needed(self, *, force: bool = False) -> bool:
        if force:
            return True
        with answering(self._maintained):
            return _is_due(self._redis.get(self._maintained))

    def maintain(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Drop what has expired, in short steps."""
        if not self.maintenance_needed(force=force):
            return
        with answering(self._flow_set):
            self._redis.set(self._maintained, utc_now().isoformat())
            for flow_ids in self._flow_ids():
                expired = self._expired(flow_ids)
                if expired:
                    self._drop(expired)
                if output is not None:
                    output.writelines(f"dropped flow {reference(flow_id)}\n" for flow_id in expired)

    def _maintain_beside(self) -> None:
        with self._maintaining:
            if self._maintenance is None or not self._maintenance.is_alive():
                self._maintenance = threading.Thread(target=self._maintain_quietly, daemon=True)
                self._maintenance.start()

    def _maintain_quietly(self) -> None:
        try:
            self.maintain()
        except StoreError as error:
            log.warning("flow maintenance put off: %s", error)

    def _flow_ids(self) -> Any:
        cursor = 0
        while True:
            cursor, found = self._redis.sscan(self._flow_set, cursor, count=STEP)
            if found:
                yield [text(flow_id) for flow_id in found]
            if not int(cursor):
                return

    def _expired(self, flow_ids: list[str]) -> list[str]:
        # a cluster cannot read keys of several nodes at one moment, and nobody needs it to
        mget = getattr(self._redis, "mget_nonatomic", self._redis.mget)
        records = mget([self._flow_key(flow_id) for flow_id in flow_ids])
        return [
            flow_id for flow_id, raw in zip(flow_ids, records, strict=True) if self._is_over(flow_id, raw)
        ]

    def _is_over(self, flow_id: str, raw: Any) -> bool:
        if raw is None or raw in _USED_MARKS:
            return True
        try:
            flow = self._flow(flow_id, raw)
        except StoreUnreadable:
            return False  # it expires by itself, and may belong to a process with other keys
        return not flow.younger_than(self._lifetime)

    def _drop(self, flow_ids: list[str]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            for flow_id in flow_ids:
                pipe.delete(self._flow_key(flow_id))
            pipe.srem(self._flow_set, *flow_ids)
            pipe.execute()

    def _interrupted(self, raw: Any, user_id: str) -> InterruptedCommand:
        place = f"Redis key {self._prefix}interrupted-{self._bot}-{user_id}"
        return self._records.load(InterruptedCommand, raw, bound_to=f"interrupted:{user_id}", place=place)

    def _flow(self, flow_id: str, raw: Any) -> FlowState:
        place = f"Redis key of flow {reference(flow_id)}"  # the id itself is a secret
        return self._records.load(FlowState, raw, bound_to=f"flow:{flow_id}", place=place)

    def _flow_key(self, flow_id: str) -> str:
        return f"{self._flow_set}-{flow_id}"


def _is_due(raw: Any) -> bool:
    if raw is None:
        return True
    try:
        latest = datetime.datetime.fromisoformat(text(raw).replace("Z", "+00:00"))
    except ValueError:
        return True
    if latest.tzinfo is None:  # written by an earlier installation
        latest = latest.replace(tzinfo=datetime.timezone.utc)
    return abs(utc_now() - latest) >= MAINTENANCE_INTERVAL
