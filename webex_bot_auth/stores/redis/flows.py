"""Short-lived texts and agendas in Redis, for several processes and machines. Each text expires by itself."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from redis import Redis
from redis.cluster import RedisCluster

from ..protocols import Due, Record, Reminder
from . import scripts
from .errors import as_text, translate_redis_errors
from .maintenance import FlowMaintenance

#: time between two looks for what is due: with renewals of a lease, at most five commands a second; seconds
LOOK_SECONDS = 0.22


class RedisFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`.

    Args:
        client: a redis-py client
        maintenance: keeps the set of flow ids, and is started when it is due
        key_prefix: what every key begins with
        flow_prefix: what the keys of flows begin with, which are shared by all bots
        bot: names the bot in all other keys
    """

    def __init__(
        self, client: Redis, maintenance: FlowMaintenance, *, key_prefix: str, flow_prefix: str, bot: str
    ) -> None:
        self._redis = client
        self._maintenance = maintenance
        # of a cluster, one node has all keys of a bot: what is braced decides where a key lies
        bot = f"{{{bot}}}" if isinstance(client, RedisCluster) else bot
        self._bot_prefix = f"{key_prefix}bot-{bot}-"
        self._shared = {"flow-": flow_prefix, "refresh-": f"{key_prefix}refresh-"}
        self._closed = threading.Event()

    def __str__(self) -> str:
        return f"Redis keys {self._bot_prefix}*"

    def _full(self, key: str) -> str:
        kind, hyphen, name = key.partition("-")
        shared = self._shared.get(kind + hyphen)
        return self._bot_prefix + key if shared is None else shared + name

    def _agenda(self, name: str) -> str:
        return f"{self._bot_prefix}agenda-{name}"

    def read(self, key: str) -> tuple[Record | None, float]:
        full_key = self._full(key)
        with translate_redis_errors(full_key):
            found, (seconds, microseconds) = self._redis.eval(scripts.READ, 1, full_key)
        return found, int(seconds) + int(microseconds) / 1_000_000

    def swap(
        self,
        key: str,
        old: Record | None,
        new: str | None,
        seconds: float = 0.0,
        *,
        remind: Collection[Reminder] = (),
    ) -> bool:
        full_key, milliseconds = self._full(key), max(1, int(seconds * 1000))
        keys = [full_key, *(self._agenda(reminder.agenda) for reminder in remind)]
        items: list[Any] = [part for reminder in remind for part in (reminder.item, reminder.seconds)]
        with translate_redis_errors(full_key):
            done = self._redis.eval(
                scripts.SWAP, len(keys), *keys, old or "", new or "", milliseconds, *items
            )
        if done and key.startswith("flow-"):
            # listed after it is stored: maintenance takes out the ids of which nothing is stored
            if new is None:
                self._maintenance.remove(key.removeprefix("flow-"))
            elif old is None:
                self._maintenance.add(key.removeprefix("flow-"))
        return bool(done)

    def remind(self, reminder: Reminder) -> None:
        self.swap("nothing", None, None, remind=[reminder])  # of which there is no text, before and after

    def due(self, agendas: Collection[str], lease: float, timeout: float) -> Due | None:
        names = list(agendas)
        keys = [self._agenda(name) for name in names]
        with translate_redis_errors(keys[0]):
            found: Any = self._redis.eval(scripts.DUE, len(keys), *keys, lease)
        if found is None:
            self._closed.wait(min(timeout, LOOK_SECONDS))
            return None
        number, item, token = found
        return Due(names[int(number) - 1], as_text(item), as_text(token))

    def done(self, due: Due) -> None:
        agenda = self._agenda(due.agenda)
        with translate_redis_errors(agenda):
            self._redis.eval(scripts.DONE, 1, agenda, due.item, due.token)

    def close(self) -> None:
        """Wait for maintenance; the client's owner closes the client."""
        self._closed.set()
        self._maintenance.close()
