"""Dropping what is left of flows in Redis that nobody came back for: in short steps, beside all else."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOBase
from typing import Any

from pydantic import TypeAdapter
from redis import Redis

from ..errors import StoreError
from .models import reference, utc_now
from .redis_client import answering, answers, check, text

log = logging.getLogger(__name__)

MAINTENANCE_INTERVAL = datetime.timedelta(minutes=15)
#: ids that are looked at in one step; a step is short, so that nobody waits for it
STEP = 500
#: what a flow's record is replaced by when it is used
USED = "used"
_USED_MARKS = (USED, USED.encode())  # as clients that decode give it, and others


@dataclass
class _Stamp:
    """All that maintenance reads of a flow, which may be one of very many."""

    created: datetime.datetime | None


_STAMP = TypeAdapter(_Stamp)


class RedisMaintenance:
    """Redis drops flows by itself; their ids in the set of active flows are left.

    :param flow_set: key of that set
    :param maintained: key of the time of the latest maintenance
    :param lifetime: of flows that earlier installations stored without an expiry
    """

    def __init__(
        self, client: Redis, *, flow_set: str, maintained: str, lifetime: datetime.timedelta
    ) -> None:
        self._redis = client
        self._flow_set = flow_set
        self.maintained = maintained
        self._lifetime = lifetime
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def is_needed(self, *, force: bool = False) -> bool:
        if force:
            return True
        with answering(self.maintained):
            return is_due(self._redis.get(self.maintained))

    def run(self, *, force: bool = False, output: TextIOBase | None = None) -> None:
        """Drop what has expired."""
        if not self.is_needed(force=force):
            return
        with answering(self._flow_set):
            now = utc_now()
            self._redis.set(self.maintained, now.isoformat(), px=MAINTENANCE_INTERVAL)
            for flow_ids in self._flow_ids():
                keys = flow_keys(self._flow_set, flow_ids)
                found = zip(flow_ids, keys, self._redis.mget(keys), strict=True)
                over = [one for one in found if _is_over(one[2], now - self._lifetime)]
                expired = [flow_id for flow_id, _, _ in over]
                self.drop(expired, [key for _, key, raw in over if raw is not None])
                if output is not None:
                    output.writelines(f"dropped flow {reference(text(flow_id))}\n" for flow_id in expired)

    def run_beside(self) -> None:
        """In a thread of its own, unless it runs already."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run_quietly, daemon=True)
                self._thread.start()

    def drop(self, flow_ids: list[Any], keys: list[Any]) -> None:
        """Take ids out of the set of active flows, and delete the records that there are."""
        with self._redis.pipeline(transaction=False) as pipe:
            if keys:
                pipe.unlink(*keys)
            if flow_ids:
                pipe.srem(self._flow_set, *flow_ids)
            check(*answers(pipe))

    def close(self) -> None:
        """Wait for what runs."""
        with self._starting:
            if self._thread is not None:
                self._thread.join()

    def _run_quietly(self) -> None:
        try:
            self.run()
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


def _is_over(raw: Any, oldest: datetime.datetime) -> bool:
    if raw is None or is_used(raw):  # whose id a cluster could not take off the list then
        return True
    try:
        # only earlier installations stored flows that do not expire by themselves, and those in clear
        created = _STAMP.validate_json(raw).created
    except ValueError:
        return False
    return created is None or _utc(created) <= oldest


def is_due(raw: Any) -> bool:
    """Is maintenance due, by the time of the latest one as Redis has it?"""
    if raw is None:
        return True
    try:
        latest = datetime.datetime.fromisoformat(text(raw).replace("Z", "+00:00"))
    except ValueError:
        return True
    return abs(utc_now() - _utc(latest)) >= MAINTENANCE_INTERVAL


def _utc(moment: datetime.datetime) -> datetime.datetime:
    """Earlier installations wrote no zone."""
    return moment.replace(tzinfo=datetime.timezone.utc) if moment.tzinfo is None else moment


def is_used(raw: Any) -> bool:
    """Is this the mark of a flow that was used?"""
    return raw in _USED_MARKS


def flow_keys(flow_set: str, flow_ids: list[Any]) -> list[Any]:
    """Keys of many flows' records, as text or bytes, as the client gave the ids."""
    prefix: Any = f"{flow_set}-"
    if flow_ids and isinstance(flow_ids[0], bytes):
        prefix = prefix.encode()
    return [prefix + flow_id for flow_id in flow_ids]
