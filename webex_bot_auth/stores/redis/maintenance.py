"""Keeps the set of flow ids: Redis drops flows by itself when they expire, and leaves their ids there.

The set, and the keys of flows, may be shared with other programs: only what is a flow of ours is removed.
"""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json
from redis import Redis

from ...errors import StoreError
from ...ground.clock import as_utc, utc_now
from .errors import as_text, translate_redis_errors

log = logging.getLogger(__name__)

INTERVAL = datetime.timedelta(minutes=15)
#: ids that are looked at in one step; steps are short, so that nobody waits for them
STEP = 500


class FlowMaintenance:
    """Lists flows, and drops what abandoned ones have left: in short steps, in the background.

    Args:
        client: a redis-py client
        flow_set: key of the set of ids, and what the keys of flows begin with, before a hyphen
        latest: key of the time of the latest maintenance
        lifetime: of flows that older versions stored without an expiry
        mark: what the ids of this bot's flows end with
    """

    def __init__(
        self, client: Redis, *, flow_set: str, latest: str, lifetime: datetime.timedelta, mark: str
    ) -> None:
        self._redis = client
        self._flow_set = flow_set
        self._latest = latest
        self._lifetime = lifetime
        self._mark = mark
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._looked = -INTERVAL.total_seconds()

    def add(self, flow_id: str) -> None:
        """Add a flow to the set; once in a while, begin to look for what is over."""
        with translate_redis_errors(self._flow_set):
            self._redis.sadd(self._flow_set, flow_id)
        now = utc_now().timestamp()
        with self._starting:
            if now - self._looked >= INTERVAL.total_seconds():
                self._looked = now
                self._thread = threading.Thread(target=self._run_if_needed, daemon=True)
                self._thread.start()

    def remove(self, *flow_ids: Any) -> None:
        """Take flows out of the set."""
        if flow_ids:
            with translate_redis_errors(self._flow_set):
                self._redis.srem(self._flow_set, *flow_ids)

    def is_needed(self) -> bool:
        """Tell whether the latest maintenance is long enough ago."""
        with translate_redis_errors(self._latest):
            latest: Any = self._redis.get(self._latest)
        try:
            return latest is None or abs(utc_now() - _moment(as_text(latest))) >= INTERVAL
        except ValueError:
            return True

    def run(self, dropped: Callable[[str], object] | None = None) -> None:
        """Drop this bot's flows that have expired, and flows of older versions that are too old.

        Args:
            dropped: is called with the id of each
        """
        with translate_redis_errors(self._flow_set):
            now, cursor = utc_now(), 0
            self._redis.set(self._latest, now.isoformat(), px=INTERVAL)
            while True:
                cursor, found = self._redis.sscan(self._flow_set, cursor, count=STEP)
                entries = dict(zip(map(as_text, found), found, strict=True))
                keys = [f"{self._flow_set}-{entry.removeprefix(f'{self._flow_set}-')}" for entry in entries]
                over: list[str] = []
                old: list[str] = []
                for entry, key, flow in zip(entries, keys, self._read_all(keys), strict=True):
                    if flow is None and entry.endswith(self._mark):
                        over.append(entry)
                    elif flow is not None and self._is_too_old(flow, now):
                        over.append(entry)
                        old.append(key)
                if old:
                    self._redis.unlink(*old)
                self.remove(*(entries[entry] for entry in over))
                if dropped is not None:
                    for entry in over:
                        dropped(entry)
                if not int(cursor):
                    return

    def close(self) -> None:
        """Wait for what runs."""
        with self._starting:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _read_all(self, keys: list[str]) -> list[Any]:
        """On a cluster not atomic, as the keys are on several nodes; nothing here needs it to be."""
        read = getattr(self._redis, "mget_nonatomic", self._redis.mget)
        return list(read(keys)) if keys else []

    def _is_too_old(self, flow: Any, now: datetime.datetime) -> bool:
        try:
            # older versions stored flows that do not expire by themselves, and those in clear
            record = from_json(flow)
            created = record["created"]
            return bool(record["user_id"]) and (created is None or _moment(created) <= now - self._lifetime)
        except (ValueError, TypeError, KeyError, AttributeError):
            return False

    def _run_if_needed(self) -> None:
        try:
            if self.is_needed():
                self.run()
        except StoreError as error:
            log.warning("flow maintenance put off: %s", error)


def _moment(written: str) -> datetime.datetime:
    return as_utc(datetime.datetime.fromisoformat(written.replace("Z", "+00:00")))
