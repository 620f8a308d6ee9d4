"""Real parts for the tests: a Redis server, the backends; the Webex cloud is the one that is shipped."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.chromium import chromium
from support.makers import KEY, Make, MakeManager
from support.redis_server import RedisServer
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.stores.redis import client as redis_client


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    redis_server.client.flushall()
    return redis_server.url


@pytest.fixture
def cloud(webex_sandbox: WebexSandbox) -> WebexSandbox:
    """The one that the package ships, under the name that it has where no bot runs in it."""
    return webex_sandbox


@pytest.fixture
def integration(cloud: Sandbox) -> Integration:
    return cloud.integration(scopes=["spark:people_read", "spark:rooms_read", "spark:messages_read"])


@pytest.fixture(params=["yaml", "redis", "yaml-encrypted", "redis-encrypted"])
def every_manager(request: pytest.FixtureRequest) -> Make:
    """Every backend, with and without encryption, one after the other."""
    kind, _, encrypted = request.param.partition("-")
    make: Make = request.getfixturevalue(f"{kind}_manager")
    return functools.partial(make, encryption_keys=[KEY]) if encrypted else make


@pytest.fixture
def make_manager(every_manager: Make, cloud: Sandbox, integration: Integration) -> Iterator[MakeManager]:
    """Makes managers over one store, from options alone."""
    bot_token = cloud.add_bot("Echo Bot").token
    with contextlib.ExitStack() as managers:
        yield lambda **options: managers.enter_context(every_manager(bot_token, integration, **options))


@pytest.fixture
def manager(make_manager: MakeManager) -> TokenManager:
    return make_manager()


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
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One that the test may stop."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")  # while it is open, its event loop runs in this thread: no other can
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(redis_client, "CONNECT_SECONDS", 0.2)
