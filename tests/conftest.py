"""Real parts for the tests: a Redis server, a Webex cloud on this machine, an app for the redirect."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support.makers import KEY, Make, MakeManager
from support.redis_server import RedisServer
from support.world import World, world
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.user_context import redis_client


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    redis_server.client.flushall()
    return redis_server.url


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    with Sandbox() as cloud, cloud.clients():
        yield cloud


@pytest.fixture
def integration(cloud: Sandbox) -> Integration:
    return cloud.integration(scopes=["spark:people_read", "spark:rooms_read", "spark:messages_read"])


@pytest.fixture(params=["yaml", "redis", "yaml-encrypted", "redis-encrypted"])
def make_manager(
    request: pytest.FixtureRequest, cloud: Sandbox, integration: Integration, tmp_path: Path
) -> Iterator[MakeManager]:
    """Every backend, with and without encryption."""
    kind, _, encrypted = request.param.partition("-")
    common: dict[str, Any] = {"encryption_keys": [KEY]} if encrypted else {}
    bot_token = cloud.add_bot("Echo Bot").token
    if kind == "redis":
        common["redis_url"] = request.getfixturevalue("redis_url")
    else:
        common["yml_base"] = str(tmp_path / "tokens")
    with contextlib.ExitStack() as managers:

        def make(**options: Any) -> TokenManager:
            kinds = {"yaml": YAMLTokenManager, "redis": RedisTokenManager}
            return managers.enter_context(kinds[kind](bot_token, integration, **{**common, **options}))

        yield make


@pytest.fixture
def manager(make_manager: MakeManager) -> TokenManager:
    return make_manager()


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serves an app on a free loopback port, and says where."""
    with contextlib.ExitStack() as servers:

        def start(app: Flask) -> str:
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            servers.callback(thread.join)
            servers.callback(server.server_close)
            servers.callback(server.shutdown)
            return f"http://127.0.0.1:{server.port}"

        yield start


@pytest.fixture
def yaml_manager(tmp_path: Path) -> Make:
    return functools.partial(YAMLTokenManager, yml_base=str(tmp_path / "tokens"))


@pytest.fixture
def redis_manager(redis_url: str) -> Make:
    return functools.partial(RedisTokenManager, redis_url=redis_url)


@pytest.fixture(params=["yaml", "redis"])
def either_manager(request: pytest.FixtureRequest) -> Make:
    """Both backends, one after the other."""
    make: Make = request.getfixturevalue(f"{request.param}_manager")
    return make


@pytest.fixture
def run_world(cloud: Sandbox, serve: Callable[[Flask], str]) -> Iterator[Callable[..., World]]:
    """Runs a bot with these commands until the test ends."""
    with contextlib.ExitStack() as worlds:

        def run(make: Make, *commands: Any, **options: Any) -> World:
            return worlds.enter_context(world(cloud, serve, make, *commands, **options))

        yield run


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One that the test may stop."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(redis_client, "CONNECT_SECONDS", 0.2)
