"""What an administrator wants to know of a Redis server and of the logins under way in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from ..errors import StoreUnavailable, StoreUnreadable
from .diagnosis import FlowUnderWay, RedisHealth
from .models import FlowState, reference, utc_now
from .records import Records
from .redis_client import answering, text
from .redis_pending import _USED_MARKS, STEP


def health(client: Any, *, probe: str) -> RedisHealth:
    """Facts about a single server.

    :param probe: key that is written, to see whether it can be; expires at once
    :raises StoreUnavailable: the server cannot be reached
    """
    with answering("Redis"):
        client.ping()
        facts = _told(client.info) or {}
        return RedisHealth(
            version=facts.get("redis_version"),
            is_replica=_is_replica(facts),
            write_refused=_write_refused(client, probe),
            keeps_log=_yes(facts.get("aof_enabled")),
            keeps_snapshots=_keeps_snapshots(client),
            eviction=facts.get("maxmemory_policy"),
            seconds_ahead=_seconds_ahead(client),
        )


def flows_under_way(client: Any, records: Records, flow_set: str) -> Iterator[FlowUnderWay]:
    """Flows that can still come back; those that are used or expired are left out.

    :param flow_set: key of the set of active flow ids
    :raises StoreUnavailable: the server cannot be reached
    """
    with answering(flow_set):
        for flow_id in map(text, client.sscan_iter(flow_set, count=STEP)):
            raw, milliseconds = _record_and_time_left(client, f"{flow_set}-{flow_id}")
            if raw is not None and raw not in _USED_MARKS:
                left = milliseconds / 1000 if milliseconds >= 0 else None
                yield FlowUnderWay(reference(flow_id), _created(records, flow_id, raw), left)


def _record_and_time_left(client: Any, key: str) -> tuple[Any, int]:
    with client.pipeline(transaction=False) as pipe:
        pipe.get(key)
        pipe.pttl(key)
        raw, milliseconds = pipe.execute()
    return raw, int(milliseconds)


def _created(records: Records, flow_id: str, raw: Any) -> Any:
    try:
        return records.load(FlowState, raw, bound_to=f"flow:{flow_id}", place="flow").created
    except StoreUnreadable:
        return None


def _told(ask: Callable[[], Any]) -> Any:
    """An answer; None where this user may not ask, or a provider has taken the command out."""
    try:
        return ask()
    except (NoPermissionError, ResponseError):
        return None


def _is_replica(facts: Any) -> bool | None:
    role = facts.get("role")
    return None if role is None else role == "slave" and bool(int(facts.get("slave_read_only", 1)))


def _write_refused(client: Any, probe: str) -> str | None:
    try:
        with answering(probe):
            client.set(probe, "", px=1)
    except StoreUnavailable as error:
        return str(error).removeprefix(f"{error.place}: ")
    return None


def _keeps_snapshots(client: Any) -> bool | None:
    settings = _told(lambda: client.config_get("save"))
    return None if settings is None else bool(settings.get("save"))


def _seconds_ahead(client: Any) -> float | None:
    answer = _told(client.time)
    return None if answer is None else answer[0] + answer[1] / 1e6 - utc_now().timestamp()


def _yes(fact: Any) -> bool | None:
    return None if fact is None else bool(int(fact))
