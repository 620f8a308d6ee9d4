"""A cluster client whose pipelines do nothing twice.

redis-py's own pipeline of a cluster sends every command that got no answer once more, whatever its ``retry``
says: a flow would count as used, and a command would run twice. Here each command is sent by itself. That is
a round trip each, but a cluster's pipeline is hardly faster where the keys lie on several nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError


def one_by_one(client: Any) -> Any:
    """The client to work with: a cluster's gets other pipelines, any other one stays as it is."""
    return _OneByOne(client) if isinstance(client, RedisCluster) else client


class _OneByOne:
    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    def mget(self, keys: list[Any]) -> list[Any]:
        """Not at one moment, as the keys lie on several nodes; nobody here needs it to be."""
        return list(self._cluster.mget_nonatomic(keys))

    def pipeline(self, transaction: bool = False) -> _Queue:
        if transaction:
            raise NotImplementedError("keys of a cluster have no transaction in common")
        return _Queue(self._cluster)


class _Queue:
    """What is called on it is called on the client by :meth:`execute`, in that order."""

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._calls: list[Callable[[], Any]] = []

    def __enter__(self) -> _Queue:
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.clear()

    def __getattr__(self, name: str) -> Callable[..., _Queue]:
        def later(*arguments: Any, **options: Any) -> _Queue:
            self._calls.append(partial(getattr(self._cluster, name), *arguments, **options))
            return self

        return later

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """All answers.

        :param raise_on_error: the first command that fails is the last one that is sent; else go on after it
        """
        calls, self._calls = self._calls, []
        return [call() if raise_on_error else _answer(call) for call in calls]


def _answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (RedisError, RedisClusterException) as error:
        return error
