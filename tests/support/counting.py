"""Counts what code costs, in numbers that are the same on every machine: Redis commands and round trips,
HTTP calls, fsyncs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import redis
import requests

#: commands of the counting itself and of a new connection
_NOT_COUNTED = ("config", "info", "client", "hello", "select", "ping")


@contextmanager
def commands(server: redis.Redis) -> Iterator[Counter[str]]:
    """Count the commands that a server executes, those of scripts included.

    Yields:
        counts by command, filled in when the ``with`` block ends
    """
    counted: Counter[str] = Counter()
    server.config_resetstat()
    yield counted
    for name, stats in server.info("commandstats").items():
        command = name.removeprefix("cmdstat_")
        if command.partition("|")[0] not in _NOT_COUNTED:
            counted[command] += stats["calls"]


@contextmanager
def round_trips() -> Iterator[Counter[str]]:
    """Count round trips to Redis, as ``sent``; a pipeline is one."""
    with _counting(redis.connection.AbstractConnection, "send_packed_command", "sent") as counted:
        yield counted


@contextmanager
def http_calls() -> Iterator[Counter[str]]:
    """Count the HTTP calls of this process, as ``calls``."""
    with _counting(requests.Session, "send", "calls") as counted:
        yield counted


@contextmanager
def fsyncs() -> Iterator[Counter[str]]:
    """Count how often a file is flushed to the disk, as ``fsyncs``."""
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
