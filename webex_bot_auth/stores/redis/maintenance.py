"""Deletes what abandoned flows have left in Redis: in short steps, in the background."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import from_json
from redis import Redis

from ...errors import StoreError
from ...ground.clock import as_utc, utc_now
from ...ground.forks import start_afresh_now_and_after_forks
from .errors import as_text, translate_redis_errors
from .pipeline import Command, answers, raise_errors

log = logging.getLogger(__name__)

INTERVAL = datetime.timedelta(minutes=15)
#: ids that are looked at in one step; steps are short, so that nobody waits for them
STEP = 500
#: what a flow's record is replaced by when it is used
USED = "used"
_USED_MARKS = (USED, USED.encode())  # as clients that decode give it, and others


class FlowMaintenance:
    """Redis drops records by itself when they expire; what is left is their ids in the set.

    Records that earlier installations stored without an expiry are dropped as well.

    Args:
        client: a redis-py client
        flow_set: key of the set of ids
        latest: key of the time of the latest maintenance
        lifetime: of records without an expiry
    """

    def __init__(self, client: Redis, *, flow_set: str, latest: str, lifetime: datetime.timedelta) -> None:
        self._redis = client
        self._flow_set = flow_set
        self.latest = latest
        self._lifetime = lifetime
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def is_needed(self) -> bool:
        """Whether the latest maintenance is long enough ago."""
        with translate_redis_errors(self.latest):
            return is_due(self._redis.get(self.latest))

    def run(self, dropped: Callable[[str], object] | None = None) -> None:
        """Drop what has expired.

        Args:
            dropped: is called with the id of each record
        """
        with translate_redis_errors(self._flow_set):
            now = utc_now()
            self._redis.set(self.latest, now.isoformat(), px=INTERVAL)
            for flow_ids in self._flow_ids():
                keys = flow_keys(self._flow_set, flow_ids)
                found = zip(flow_ids, keys, self._read_all(keys), strict=True)
                over = [one for one in found if _is_over(one[2], now - self._lifetime)]
                expired = [flow_id for flow_id, _, _ in over]
                # the mark of a record that was used expires by itself: until then, it says so
                self.drop(expired, [key for _, key, one in over if one is not None and not is_used(one)])
                if dropped is not None:
                    for flow_id in expired:
                        dropped(as_text(flow_id))

    def run_in_background(self) -> None:
        """Run in a thread of its own, unless it runs already."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run_or_warn, daemon=True)
                self._thread.start()

    def drop(self, flow_ids: list[Any], keys: list[Any]) -> None:
        """Take ids out of the set, and delete the records that there are."""
        commands: list[Command] = []
        if keys:
            commands.append(lambda it: it.unlink(*keys))
        if flow_ids:
            commands.append(lambda it: it.srem(self._flow_set, *flow_ids))
            raise_errors(*answers(self._redis, *commands))

    def close(self) -> None:
        """Wait for what runs."""
        with self._starting:
            if self._thread is not None:
                self._thread.join()

    def _read_all(self, keys: list[Any]) -> list[Any]:
        """On a cluster not atomic, as the keys are on several nodes; nothing here needs it to be."""
        read: Callable[[list[Any]], list[Any]] = getattr(self._redis, "mget_nonatomic", self._redis.mget)
        return read(keys)

    def _run_or_warn(self) -> None:
        try:
            if self.is_needed():
                self.run()
        except StoreError as error:
            log.warning("flow maintenance put off: %s", error)

    def _flow_ids(self) -> Iterator[list[Any]]:
        cursor: Any = 0
        while True:
            cursor, found = self._redis.sscan(self._flow_set, cursor, count=STEP)
            if found:
                yield list(found)
            if not int(cursor):
                return


def _is_over(record: Any, oldest: datetime.datetime) -> bool:
    if record is None or is_used(record):  # in a cluster, the id could not be taken out of the set then
        return True
    try:
        # only earlier installations stored records that do not expire by themselves, and those in clear
        created = from_json(record)["created"]
        return created is None or _moment(created) <= oldest
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def is_due(latest: Any) -> bool:
    """Whether maintenance is due, by the time of the latest one as Redis has it."""
    try:
        return latest is None or abs(utc_now() - _moment(as_text(latest))) >= INTERVAL
    except ValueError:
        return True


def _moment(written: str) -> datetime.datetime:
    return as_utc(datetime.datetime.fromisoformat(written.replace("Z", "+00:00")))


def is_used(record: Any) -> bool:
    """Whether this is the mark of a record that was used."""
    return record in _USED_MARKS


def flow_keys(flow_set: str, flow_ids: list[Any]) -> list[Any]:
    """Keys of many records, as text or bytes, as the client gave the ids.

    Earlier installations listed keys instead of ids.
    """
    prefix: Any = f"{flow_set}-"
    if flow_ids and isinstance(flow_ids[0], bytes):
        prefix = prefix.encode()
    return [flow_id if flow_id.startswith(prefix) else prefix + flow_id for flow_id in flow_ids]
