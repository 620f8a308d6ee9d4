"""Counts what code costs, in numbers that are the same on every machine: Redis commands and round trips,
HTTP calls, fsyncs."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import redis
import requests

from webex_bot_auth.stores.redis import scripts

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


class Sent(NamedTuple):
    """A command as a client in this process sends it: one round trip.

    Attributes:
        at: when, in seconds
        words: the command and its arguments; of a script all that it is given
    """

    at: float
    words: tuple[Any, ...]


@contextmanager
def sent() -> Iterator[list[Sent]]:
    """Note what the clients of this process send to Redis, but for what a new connection says of itself.

    Left out is what does not depend on what happens: looks at what is due (see :func:`looks`), and whether
    maintenance is needed.
    """
    with _noting(with_looks=False) as noted:
        yield noted


@contextmanager
def looks() -> Iterator[list[Sent]]:
    """Note when this process looks in Redis at what is due, and everything else as well."""
    with _noting(with_looks=True) as noted:
        yield noted


@contextmanager
def _noting(*, with_looks: bool) -> Iterator[list[Sent]]:
    noted: list[Sent] = []
    real = redis.Redis.execute_command

    def execute(self: Any, *words: Any, **options: Any) -> Any:
        is_own = scripts.DUE in words or "flow-maintenance" in words
        if with_looks or not is_own:
            noted.append(Sent(time.monotonic(), words))
        return real(self, *words, **options)

    with mock.patch.object(redis.Redis, "execute_command", execute):
        yield noted


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
