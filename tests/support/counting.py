"""Counts do not flicker: commands that a Redis server executed, round trips to it, HTTP calls, fsyncs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import redis
import requests

#: what the counting itself, and a new connection, ask the server
_NOT_COUNTED = ("config", "info", "client", "hello", "select", "ping")


@contextmanager
def commands(server: redis.Redis) -> Iterator[Counter[str]]:
    """Commands that a server executes, scripts' own ones included; told when the ``with`` block ends."""
    counted: Counter[str] = Counter()
    server.config_resetstat()
    yield counted
    for name, stats in server.info("commandstats").items():
        command = name.removeprefix("cmdstat_")
        if command.partition("|")[0] not in _NOT_COUNTED:
            counted[command] += stats["calls"]


@contextmanager
def round_trips() -> Iterator[Counter[str]]:
    """How often something is sent to Redis (a pipeline is sent at once), as ``sent``."""
    with _counting(redis.connection.AbstractConnection, "send_packed_command", "sent") as counted:
        yield counted


@contextmanager
def http_calls() -> Iterator[Counter[str]]:
    """HTTP calls of this process, as ``calls``."""
    with _counting(requests.Session, "send", "calls") as counted:
        yield counted


@contextmanager
def fsyncs() -> Iterator[Counter[str]]:
    """How often something is forced to the disk, as ``fsyncs``."""
    with _counting(os, "fsync", "fsyncs") as counted:
        yield counted


@contextmanager
def _counting(owner: Any, name: str, called: str) -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    real = getattr(owner, name)

    def count(*args: Any, **kwargs: Any) -> Any:
        counted[called] += 1
        return real(*args, **kwargs)

    with mock.patch.object(owner, name, count):
        yield counted
