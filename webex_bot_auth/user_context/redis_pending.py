"""Logins under way, in Redis: for several processes. Every key expires by itself.

Operations that have to be atomic touch one key each, so that a cluster may spread the keys as it likes.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import logging
from typing import Any

from redis import Redis

from ..errors import StoreError
from .models import FlowState, InterruptedCommand, NoFlow, reference
from .pending import LEASE_SECONDS, MOST_FLOWS, MemoryPending
from .records import Records, owner_of
from .redis_client import answering, answers, check, text
from .redis_maintenance import USED, RedisMaintenance, flow_keys, is_due, is_used

log = logging.getLogger(__name__)

#: so long the cloud may deliver an event again, and a bit
EVENT_SECONDS = 20 * 60
#: a blocking pop has to end before the connection's own time limit; seconds
LONGEST_POP = 1.0

# Remembers a user's flow, the newest first, and answers with those that are too many by now. One hash for a
# 256th of all users: small hashes are packed, and a key for each user would cost as much again as the flow.
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


class RedisPending:
    """Flows and interrupted commands in Redis; see :class:`~webex_bot_auth.user_context.pending.Pending`.

    :param maintenance: told of flows that are too many, and when it is time for it
    :param flow_set: key of the set of active flow ids
    :param prefix: put before all other keys
    :param bot: tells bots apart that share a Redis: what one has heard is not for the others
    """

    def __init__(
        self,
        client: Redis,
        records: Records,
        maintenance: RedisMaintenance,
        *,
        lifetime: datetime.timedelta,
        flow_set: str,
        prefix: str,
        bot: str,
    ) -> None:
        self._redis = client
        self._records = records
        self._maintenance = maintenance
        self._milliseconds = max(1, int(lifetime.total_seconds() * 1000))
        self._flow_set = flow_set
        self._bot = bot
        self._due = f"{prefix}device"
        self._queue = f"{prefix}resume-{bot}"
        self._prefix = prefix
        self._events = MemoryPending(lifetime=lifetime)

    def put(self, flow_id: str, flow: FlowState) -> None:
        # Redis itself knows how old a key is
        record = self._records.dump(flow, bound_to=f"flow:{flow_id}", without={"created"})
        mine, user = self._index_of(flow.user_id)
        with answering(mine), self._redis.pipeline(transaction=False) as pipe:
            pipe.set(self._flow_key(flow_id), record, px=self._milliseconds)
            pipe.sadd(self._flow_set, flow_id)
            pipe.pexpire(self._flow_set, self._milliseconds)
            pipe.eval(_REMEMBER, 1, mine, user, flow_id, MOST_FLOWS, self._milliseconds)
            pipe.get(self._maintenance.maintained)
            *done, too_many, maintained = answers(pipe)
            check(*done, too_many, maintained)
            self._maintenance.drop(too_many, flow_keys(self._flow_set, too_many))
        if is_due(maintained):
            self._maintenance.run_beside()

    def take(self, flow_id: str) -> FlowState | NoFlow:
        key = self._flow_key(flow_id)
        with answering(key), self._redis.pipeline(transaction=False) as pipe:
            # atomic: whoever gets the record here is the only one; the mark expires as the flow would
            pipe.set(key, USED, xx=True, get=True, px=self._milliseconds)
            pipe.srem(self._flow_set, flow_id)
            # with the flow in hand, a list that cannot be reached (another node of a cluster) is no matter
            raw, _ = answers(pipe)
            check(raw)
        if raw is None:
            return NoFlow.UNKNOWN
        if is_used(raw):
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
            if raw is None or is_used(raw):
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
            raw, _ = answers(pipe)
            check(raw)  # and the counter is no matter
        return None if raw is None else self._interrupted(raw, user_id)

    def release(self, command: InterruptedCommand) -> None:
        record = self._records.dump(command, bound_to=f"interrupted:{command.user_id}")
        with answering(self._queue), self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(self._queue, record)
            pipe.pexpire(self._queue, self._milliseconds)
            check(*answers(pipe))

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
        self._maintenance.close()

    def _interrupted(self, raw: Any, user_id: str) -> InterruptedCommand:
        place = f"Redis key {self._prefix}interrupted-{self._bot}-{user_id}"
        return self._records.load(InterruptedCommand, raw, bound_to=f"interrupted:{user_id}", place=place)

    def _flow(self, flow_id: str, raw: Any) -> FlowState:
        place = f"Redis key of flow {reference(flow_id)}"  # the id itself is a secret
        return self._records.load(FlowState, raw, bound_to=f"flow:{flow_id}", place=place)

    def _index_of(self, user_id: str) -> tuple[str, str]:
        """Where a user's flows are listed: key of a hash, and field in it."""
        digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).digest()
        return f"{self._prefix}pending-{digest[0]}", base64.urlsafe_b64encode(digest[1:7]).decode()

    def _flow_key(self, flow_id: str) -> str:
        return f"{self._flow_set}-{flow_id}"
