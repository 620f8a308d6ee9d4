"""Fixtures that many tests use: a sandbox for Webex, Redis servers, and managers over each backend."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from playwright.sync_api import Browser
from support import marks
from support.chromium import chromium
from support.makers import KEY, Make, MakeManager
from support.mariadb_server import MariaDBServer
from support.postgres_server import PostgresServer
from support.redis_server import RedisServer
from support.tools import needs
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, SQLTokenManager, TokenManager, YAMLTokenManager
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.stores import yaml_file
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing import WebexSandbox

yaml_file.LOCK_SECONDS = 60.0  # a slow disk makes no test fail

# the same examples in each run, and no time limit: neither luck nor a busy machine makes a test fail
hypothesis.settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")

#: modules with fixtures of one topic each
pytest_plugins = [
    "support.command_line",
    "support.doctor",
    "support.mortal",
    "support.redirect_page",
    "support.refreshing",
    "support.webex_oauth",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marks.mark(item)
    items.sort(key=marks.order)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis server of all tests; one for each process of pytest."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of the Redis server, after all its data has been deleted."""
    redis_server.client.flushall()
    return redis_server.url


@pytest.fixture
def client(redis_server: RedisServer, redis_url: str) -> redis.Redis:
    """A client of an empty Redis, to see what managers store there."""
    return redis_server.client


@pytest.fixture
def cloud(webex_sandbox: WebexSandbox) -> WebexSandbox:
    """The sandbox that the package ships, under a shorter name."""
    return webex_sandbox


@pytest.fixture
def alice(cloud: Sandbox) -> Person:
    """The person whom most tests are about."""
    return cloud.add_person("Alice Adams")


@pytest.fixture
def integration(cloud: Sandbox) -> Integration:
    """An integration of the sandbox with three scopes."""
    return cloud.integration(scopes=["spark:people_read", "spark:rooms_read", "spark:messages_read"])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL server of all tests; one for each process of pytest."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """URL of the PostgreSQL server, after all its tables have been dropped."""
    postgres_server.empty()
    return postgres_server.url


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """The MariaDB server of all tests, where it is on PATH; one for each process of pytest."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: MariaDBServer) -> str:
    """URL of the MariaDB server, after all its tables have been dropped."""
    mariadb_server.empty()
    return mariadb_server.url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a database of SQLite that is not there yet."""
    return f"sqlite:///{tmp_path / 'tokens.db'}"


@pytest.fixture(params=["sqlite", "postgres", pytest.param("mariadb", marks=needs("mariadbd"))])
def sql_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["redis", "postgres"])
def shared_store(request: pytest.FixtureRequest) -> dict[str, str]:
    """An empty store that processes share, of each kind in turn, as a manager is told of it."""
    url = request.getfixturevalue(f"{request.param}_url")
    return {"redis_url" if request.param == "redis" else "url": url}


@pytest.fixture
def sqlite_manager(sqlite_url: str) -> Make:
    """Makes managers over one database of SQLite."""
    return functools.partial(SQLTokenManager, url=sqlite_url)


@pytest.fixture
def postgres_manager(postgres_url: str) -> Make:
    """Makes managers over one database of PostgreSQL."""
    return functools.partial(SQLTokenManager, url=postgres_url)


@pytest.fixture(params=["yaml", "redis-encrypted"])
def every_manager(request: pytest.FixtureRequest) -> Make:
    """Makes a manager on each backend in turn, with encryption on one of them, which is the same on all."""
    kind, _, encrypted = request.param.partition("-")
    make: Make = request.getfixturevalue(f"{kind}_manager")
    return functools.partial(make, encryption_keys=[KEY]) if encrypted else make


@pytest.fixture
def make_manager(every_manager: Make, cloud: Sandbox, integration: Integration) -> Iterator[MakeManager]:
    """Makes managers over one store, on every backend in turn; takes options alone."""
    bot_token = cloud.add_bot("Echo Bot").token
    with contextlib.ExitStack() as managers:
        yield lambda **options: managers.enter_context(every_manager(bot_token, integration, **options))


@pytest.fixture
def manager(make_manager: MakeManager) -> TokenManager:
    """A manager on every backend in turn."""
    return make_manager()


@pytest.fixture
def yaml_manager(tmp_path: Path) -> Make:
    """Makes managers over one YAML file."""
    return functools.partial(YAMLTokenManager, yml_base=str(tmp_path / "tokens"))


@pytest.fixture
def tokens_path(tmp_path: Path) -> Path:
    """Where ``yaml_manager`` and ``file_contexts`` keep users' contexts."""
    return tmp_path / "tokens.yml"


@pytest.fixture
def file_contexts(tokens_path: Path) -> Contexts:
    """The file behind a YAML manager, without the manager."""
    return Contexts(YAMLUserStore(str(tokens_path)), Records())


@pytest.fixture
def redis_manager(redis_url: str) -> Make:
    """Makes managers over one Redis."""
    return functools.partial(RedisTokenManager, redis_url=redis_url)


@pytest.fixture(params=["yaml", "redis"])
def either_manager(request: pytest.FixtureRequest) -> Make:
    """Makes a manager on each backend in turn, without encryption."""
    make: Make = request.getfixturevalue(f"{request.param}_manager")
    return make


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that the test may stop."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")  # its event loop runs in this thread while it is open: there can be only one
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as browser:
        yield browser
