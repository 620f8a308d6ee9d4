"""Asks a Redis server, or every primary of a cluster, for the facts that decide whether it keeps logins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from ..errors import StoreUnavailable
from ..ground.clock import utc_now
from ..stores.redis.errors import translate_redis_errors
from ..user_context import RedisTokenManager


@dataclass(frozen=True)
class RedisHealth:
    """Facts about a Redis server; None for what the server does not report.

    Attributes:
        version: for example ``6.2.14``
        is_replica: whether it copies another server, and accepts no writes of its own
        write_refused: why it did not accept a write; None: it accepted one
        has_append_only_log: whether every write goes to a log on disk (``appendonly``)
        has_snapshots: whether it writes snapshots to disk (``save``)
        eviction: what it does when its memory is full (``maxmemory-policy``)
        seconds_ahead: how far its clock is ahead of this machine's clock
    """

    version: str | None
    is_replica: bool | None
    write_refused: str | None
    has_append_only_log: bool | None
    has_snapshots: bool | None
    eviction: str | None
    seconds_ahead: float | None


def redis_health(store: RedisTokenManager) -> RedisHealth:
    """Facts about a server; of a cluster, the worst that one of its primaries reports.

    Args:
        store: where users' tokens are kept

    Raises:
        StoreUnavailable: a server cannot be reached
    """
    # written to see whether writes are accepted; it expires at once
    client: Any = store.redis
    probe_key = f"{store.key_prefix}doctor"
    if not hasattr(client, "get_primaries"):
        return _health_of_server(client, probe_key, place="Redis", expected_mode="standalone")
    with translate_redis_errors("Redis"):
        nodes = [(node.name, client.get_redis_connection(node)) for node in client.get_primaries()]
        probe_keys = _probe_key_of_each_node(client, probe_key)
    return _worst(
        [
            _health_of_server(node, probe_keys.get(name), place=f"Redis {name}", expected_mode="cluster")
            for name, node in nodes
        ]
    )


def _health_of_server(client: Any, probe_key: str | None, *, place: str, expected_mode: str) -> RedisHealth:
    with translate_redis_errors(place):
        client.ping()
        info = _answer_or_none(client.info) or {}
        return RedisHealth(
            version=info.get("redis_version"),
            is_replica=_is_replica(info),
            write_refused=(
                _wrong_mode(info.get("redis_mode", expected_mode), expected_mode)
                or _write_refused(client, probe_key)
            ),
            has_append_only_log=_bool_or_none(info.get("aof_enabled")),
            has_snapshots=_has_snapshots(client),
            eviction=info.get("maxmemory_policy"),
            seconds_ahead=_seconds_ahead(client),
        )


def _wrong_mode(mode: str, expected: str) -> str | None:
    """Why this client does not fit the server, even if the server accepts the one write that is tried."""
    return None if mode == expected else f"runs in {mode} mode, for which the bot needs another redis_client"


def _probe_key_of_each_node(client: Any, probe_key: str) -> dict[str, str]:
    """A key that lies on each node of a cluster, by the node's name."""
    keys = (f"{probe_key}-{number}" for number in range(1000))
    nodes = ((client.get_node_from_key(key), key) for key in keys)
    return {node.name: key for node, key in nodes if node is not None}


def _worst(servers: list[RedisHealth]) -> RedisHealth:
    """One for all; a fact that one of them does not report is not known."""

    def combined(name: str, choose: Callable[[list[Any]], Any]) -> Any:
        reported = [getattr(server, name) for server in servers]
        return None if None in reported else choose(reported)

    return RedisHealth(
        version=combined("version", lambda versions: min(versions, key=_version_numbers)),
        is_replica=combined("is_replica", any),
        write_refused=next((server.write_refused for server in servers if server.write_refused), None),
        has_append_only_log=combined("has_append_only_log", all),
        has_snapshots=combined("has_snapshots", all),
        eviction=combined("eviction", lambda policies: min(policies, key="noeviction".__eq__)),
        seconds_ahead=combined("seconds_ahead", lambda differences: max(differences, key=abs)),
    )


def _version_numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _answer_or_none(ask: Callable[[], Any]) -> Any:
    """An answer; None if this Redis user may not ask, or the provider has removed the command."""
    try:
        return ask()
    except (NoPermissionError, ResponseError):
        return None


def _is_replica(info: Any) -> bool | None:
    role = info.get("role")
    return None if role is None else role == "slave" and bool(int(info.get("slave_read_only", 1)))


def _write_refused(client: Any, probe_key: str | None) -> str | None:
    if probe_key is None:  # a node of a cluster that serves no keys
        return None
    try:
        with translate_redis_errors(probe_key):
            client.set(probe_key, "", px=1)
    except StoreUnavailable as error:
        return str(error).removeprefix(f"{error.place}: ")
    return None


def _has_snapshots(client: Any) -> bool | None:
    settings = _answer_or_none(lambda: client.config_get("save"))
    return None if settings is None else bool(settings.get("save"))


def _seconds_ahead(client: Any) -> float | None:
    answer = _answer_or_none(client.time)
    return None if answer is None else answer[0] + answer[1] / 1e6 - utc_now().timestamp()


def _bool_or_none(fact: Any) -> bool | None:
    return None if fact is None else bool(int(fact))
