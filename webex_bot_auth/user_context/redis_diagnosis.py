"""What an administrator wants to know of a Redis server and of the logins under way in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from ..errors import StoreUnavailable, StoreUnreadable
from .diagnosis import FlowUnderWay, RedisHealth
from .models import FlowState, reference, utc_now
from .records import Records
from .redis_client import answering, answers, check, text
from .redis_maintenance import STEP, is_used
from .redis_pending import LONGEST_POP

log = logging.getLogger(__name__)


def look_at(client: Any) -> None:
    """Warn of settings with which somebody's own client waits for too long, or does things twice."""
    settings = client if hasattr(client, "get_connection_kwargs") else client.connection_pool
    options = settings.get_connection_kwargs() if settings is client else settings.connection_kwargs
    seconds = options.get("socket_timeout")
    if seconds is None:
        log.warning("redis_client has no socket_timeout: a silent server holds commands for good")
    elif seconds <= LONGEST_POP:
        log.warning(
            "redis_client has a socket_timeout of %s s, and needs more than %s s", seconds, LONGEST_POP
        )
    retry = getattr(client, "retry", None) or options.get("retry")  # a cluster's own, or a connection's
    if getattr(client, "cluster_error_retry_attempts", 0) or getattr(retry, "_retries", 0):
        log.warning("redis_client has retries: what it sends again may be done twice, see docs/redis.md")


def health(client: Any, *, probe: str) -> RedisHealth:
    """Facts about a server; of a cluster, the worst that its primaries tell.

    :param probe: key that is written, to see whether it can be; expires at once
    :raises StoreUnavailable: a server cannot be reached
    """
    if not hasattr(client, "get_primaries"):
        return _health(client, probe, place="Redis", mode="standalone")
    with answering("Redis"):
        nodes = [(node.name, client.get_redis_connection(node)) for node in client.get_primaries()]
        probes = _a_key_of_each(client, probe)
    return _worst(
        [_health(node, probes.get(name), place=f"Redis {name}", mode="cluster") for name, node in nodes]
    )


def _health(client: Any, probe: str | None, *, place: str, mode: str) -> RedisHealth:
    with answering(place):
        client.ping()
        facts = _told(client.info) or {}
        return RedisHealth(
            version=facts.get("redis_version"),
            is_replica=_is_replica(facts),
            write_refused=_unfit(facts.get("redis_mode", mode), mode) or _write_refused(client, probe),
            keeps_log=_yes(facts.get("aof_enabled")),
            keeps_snapshots=_keeps_snapshots(client),
            eviction=facts.get("maxmemory_policy"),
            seconds_ahead=_seconds_ahead(client),
        )


def _unfit(mode: str, expected: str) -> str | None:
    """Why this client cannot work with such a server, whether or not it takes the one write that is tried."""
    return None if mode == expected else f"runs in {mode} mode, for which the bot needs another redis_client"


def _a_key_of_each(client: Any, probe: str) -> dict[str, str]:
    """A key for each node of a cluster, by the node's name."""
    nodes = ((client.get_node_from_key(key), key) for key in (f"{probe}-{number}" for number in range(1000)))
    return {node.name: key for node, key in nodes if node is not None}


def _worst(each: list[RedisHealth]) -> RedisHealth:
    """One for all; what one of them does not tell is not known."""

    def chosen(name: str, choose: Callable[[list[Any]], Any]) -> Any:
        told = [getattr(one, name) for one in each]
        return None if None in told else choose(told)

    return RedisHealth(
        version=chosen("version", lambda told: min(told, key=_numbers)),
        is_replica=chosen("is_replica", any),
        write_refused=next((one.write_refused for one in each if one.write_refused), None),
        keeps_log=chosen("keeps_log", all),
        keeps_snapshots=chosen("keeps_snapshots", all),
        eviction=chosen("eviction", lambda told: min(told, key="noeviction".__eq__)),
        seconds_ahead=chosen("seconds_ahead", lambda told: max(told, key=abs)),
    )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def flows_under_way(client: Any, records: Records, flow_set: str) -> Iterator[FlowUnderWay]:
    """Flows that can still come back; those that are used or expired are left out.

    :param flow_set: key of the set of active flow ids
    :raises StoreUnavailable: the server cannot be reached
    """
    with answering(flow_set):
        for flow_id in map(text, client.sscan_iter(flow_set, count=STEP)):
            raw, milliseconds = _record_and_time_left(client, f"{flow_set}-{flow_id}")
            if raw is not None and not is_used(raw):
                left = milliseconds / 1000 if milliseconds >= 0 else None
                yield FlowUnderWay(reference(flow_id), _is_readable(records, flow_id, raw), left)


def _record_and_time_left(client: Any, key: str) -> tuple[Any, int]:
    with client.pipeline(transaction=False) as pipe:
        pipe.get(key)
        pipe.pttl(key)
        raw, milliseconds = answers(pipe)
        check(raw, milliseconds)
    return raw, int(milliseconds)


def _is_readable(records: Records, flow_id: str, raw: Any) -> bool:
    try:
        records.load(FlowState, raw, bound_to=f"flow:{flow_id}", place="flow")
    except StoreUnreadable:
        return False
    return True


def _told(ask: Callable[[], Any]) -> Any:
    """An answer; None where this user may not ask, or a provider has taken the command out."""
    try:
        return ask()
    except (NoPermissionError, ResponseError):
        return None


def _is_replica(facts: Any) -> bool | None:
    role = facts.get("role")
    return None if role is None else role == "slave" and bool(int(facts.get("slave_read_only", 1)))


def _write_refused(client: Any, probe: str | None) -> str | None:
    if probe is None:  # a node without slots
        return None
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
