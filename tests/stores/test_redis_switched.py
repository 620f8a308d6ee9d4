"""One address of Redis that is switched to another server, while the old one lives on as a replica."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.one_address import OneAddress
from support.redis_server import RedisServer
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.stores.redis.client import connect, with_notes
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture
def address(tmp_path: Path) -> Iterator[OneAddress]:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    with RedisServer(tmp_path / "old") as old, RedisServer(tmp_path / "new") as new:
        new.client.replicaof("127.0.0.1", str(old.port))
        one = OneAddress(old, new)
        one.start()
        yield one
        one.close()


def _given(port: int, **options: Any) -> Any:
    """A bot author's own client, as a store uses it."""
    return with_notes(redis.Redis(port=port, socket_timeout=10, **options))


CLIENTS: dict[str, Callable[[int], Any]] = {
    "own": lambda port: connect(None, f"redis://127.0.0.1:{port}"),
    "own, by the scheme of Valkey": lambda port: connect(None, f"valkey://127.0.0.1:{port}"),
    "own, RESP3": lambda port: connect(None, f"redis://127.0.0.1:{port}?protocol=3"),
    "given": lambda port: _given(port, retry=Retry(NoBackoff(), 0)),
    "given, decodes": lambda port: _given(port, decode_responses=True, retry=Retry(NoBackoff(), 0)),
    "given, retries": lambda port: _given(port, retry=Retry(NoBackoff(), 3)),
    "given, with a pool that blocks": lambda port: with_notes(
        redis.Redis(
            connection_pool=redis.BlockingConnectionPool(port=port, socket_timeout=10, max_connections=8)
        )
    ),
}

SCRIPT = "redis.call('GET', KEYS[1]); return redis.call('SET', KEYS[1], 'a')"

WRITES: dict[str, Callable[[Any], list[Any]]] = {
    "a command": lambda client: [client.set("a", "1")],
    "a script": lambda client: [client.eval(SCRIPT, 1, "a")],
    "a blocking pop": lambda client: [client.blpop(["l", "m"], timeout=0.1)],
}


@pytest.mark.holds(32, 65)
def test_the_next_try_reaches_the_server_that_takes_writes(address: OneAddress) -> None:
    """Each write in turn is the first after the switch, with several connections open to the old server."""
    clients = {(name, write): make(address.port) for name, make in CLIENTS.items() for write in WRITES}
    for client in clients.values():
        _open_connections(client, 3)
    address.switch()
    for (name, first), client in clients.items():
        with contextlib.suppress(redis.RedisError):
            WRITES[first](client)
        for write in (first, *WRITES):  # none of the connections leads to the old server
            failed = [one for one in WRITES[write](client) if isinstance(one, Exception)]
            assert not failed, (name, first, write)
        client.connection_pool.disconnect()


def _open_connections(client: redis.Redis, number: int) -> None:
    """Have so many connections in the client's pool."""
    pool = client.connection_pool
    connections = [pool.get_connection(*_NAME) for _ in range(number)]
    for connection in connections:
        pool.release(connection)


#: redis-py 5.2 and earlier want the name of a command
_NAME = ["PING"] if tuple(map(int, redis.__version__.split(".")[:2])) < (5, 3) else []


@pytest.mark.holds(32)
def test_a_bot_author_s_client_stays_as_it_is_and_its_manager_writes_again(
    address: OneAddress, integration: Integration
) -> None:
    alice = context("alice")
    with (
        redis.Redis(port=address.port, socket_timeout=10, retry=Retry(NoBackoff(), 0)) as client,
        RedisTokenManager("token", integration, redis_client=client) as manager,
    ):
        assert manager.redis is client
        manager.set_user_context(user_id="alice", user_context=alice)
        waiting = threading.Thread(
            target=_pop_until_it_is_there, args=(connect(None, address.url),), daemon=True
        )
        waiting.start()
        while not address.old.client.info("clients")["blocked_clients"]:
            pass
        address.switch()
        with pytest.raises(StoreUnavailable, match=rf"READONLY|ReadOnly.*127\.0\.0\.1:{address.port}"):
            manager.set_user_context(user_id="alice")
        manager.set_user_context(user_id="alice")
        assert manager.get_user_context(user_id="alice") is None
        address.new.client.rpush("list", "text")
        waiting.join(timeout=60)
        assert not waiting.is_alive()


def _pop_until_it_is_there(client: redis.Redis) -> None:
    """Wait as the bot does for what a login lets run: a try that fails is followed by another."""
    while True:
        with contextlib.suppress(redis.RedisError):
            if client.blpop(["list"], timeout=1):
                return
