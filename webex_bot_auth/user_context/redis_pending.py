"""Logins under way, in Redis: for several processes. Every key expires by itself.

Operations that have to be atomic touch one key each, so that a cluster may spread the keys as it likes.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOBase
from typing import Any

from pydantic import TypeAdapter
from redis import Redis

from ..errors import StoreError
from .models import FlowState, InterruptedCommand, NoFlow, reference, seconds_until, utc_now
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

# Remembers a user's flow, the newest first, and answers with those that are too many by now. One hash for a
# 128th of all users: small hashes are packed, and a key for each user would cost as much again as the flow.
# The hash goes when its first flow expires, so that nobody's stays in it for good; a user may then start
# as many flows once more.
_REMEMBER = """
local flows = ARGV[2] .. ' ' .. (redis.call('HGET', KEYS[1], ARGV[1]) or '')
local kept, too_many = {}, {}
for flow in string.gmatch(flows, '%S+') do
  table.insert(#kept < tonumber(ARGV[3]) and kept or too_many, flow)
end
redis.call('HSET', KEYS[1], ARGV[1], table.concat(kept, ' '))
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return too_many
"""

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


@dataclass
class _Stamp:
    """All that maintenance reads of a flow, which may be one of very many."""

    created: datetime.datetime


_STAMP = TypeAdapter(_Stamp)


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
        record = self._records.dump(flow, bound_to=f"flow:{flow_id}")
        mine, user = self._index_of(flow.user_id)
        pipe: Any
        with answering(mine), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(self._flow_key(flow_id), record, px=self._milliseconds)
            pipe.sadd(self._flow_set, flow_id)
            pipe.pexpire(self._flow_set, self._milliseconds)
            # not eval(): a cluster's pipeline has none
            pipe.execute_command("EVAL", _REMEMBER, 1, mine, user, flow_id, MOST_FLOWS, self._milliseconds)
            pipe.get(self._maintained)
            *_, too_many, maintained = pipe.execute()
            self._drop(too_many, self._flow_keys(too_many))
        if _is_due(maintained):
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
                keys = self._flow_keys(flow_ids)
                found = zip(flow_ids, keys, self._get(keys), strict=True)
                over = [one for one in found if self._is_over(one[2])]
                expired = [flow_id for flow_id, _, _ in over]
                self._drop(expired, [key for _, key, raw in over if raw is not None])
                if output is not None:
                    output.writelines(f"dropped flow {reference(text(flow_id))}\n" for flow_id in expired)

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

    def _flow_ids(self) -> Iterator[list[Any]]:
        cursor = 0
        while True:
            cursor, found = self._redis.sscan(self._flow_set, cursor, count=STEP)
            if found:
                yield list(found)
            if not int(cursor):
                return

    def _get(self, keys: list[Any]) -> list[Any]:
        # a cluster cannot read keys of several nodes at one moment, and nobody needs it to
        mget = getattr(self._redis, "mget_nonatomic", self._redis.mget)
        return list(mget(keys))

    def _is_over(self, raw: Any) -> bool:
        if raw is None or raw in _USED_MARKS:
            return True
        try:
            # only earlier installations stored flows that do not expire by themselves, and those in clear
            created = _STAMP.validate_json(raw).created
        except ValueError:
            return False
        return -(seconds_until(created) or 0.0) >= self._lifetime.total_seconds()

    def _drop(self, flow_ids: list[Any], keys: list[Any]) -> None:
        """Take ids out of the set of active flows, and delete the records that there are."""
        if keys:
            self._redis.unlink(*keys)
        if flow_ids:
            self._redis.srem(self._flow_set, *flow_ids)

    def _interrupted(self, raw: Any, user_id: str) -> InterruptedCommand:
        place = f"Redis key {self._prefix}interrupted-{self._bot}-{user_id}"
        return self._records.load(InterruptedCommand, raw, bound_to=f"interrupted:{user_id}", place=place)

    def _flow(self, flow_id: str, raw: Any) -> FlowState:
        place = f"Redis key of flow {reference(flow_id)}"  # the id itself is a secret
        return self._records.load(FlowState, raw, bound_to=f"flow:{flow_id}", place=place)

    def _index_of(self, user_id: str) -> tuple[str, str]:
        """Where a user's flows are listed: key of a hash, and field in it."""
        digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).digest()
        return f"{self._prefix}pending-{digest[0] % 128}", base64.urlsafe_b64encode(digest[1:7]).decode()

    def _flow_key(self, flow_id: str) -> str:
        return f"{self._flow_set}-{flow_id}"

    def _flow_keys(self, flow_ids: list[Any]) -> list[Any]:
        """Keys of many flows' records, as text or bytes, as the client gave the ids."""
        prefix: Any = self._flow_key("")
        if flow_ids and isinstance(flow_ids[0], bytes):
            prefix = prefix.encode()
        return [prefix + flow_id for flow_id in flow_ids]


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
