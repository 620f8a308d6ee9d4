"""The stores in a SQL database pass the contract, and are what the dialects need."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.postgres_server import PostgresServer
from support.redis_server import free_port
from wxc_sdk.integration import Integration

from webex_bot_auth import SQLTokenManager
from webex_bot_auth.errors import SettingError, StoreUnavailable
from webex_bot_auth.stores import sql
from webex_bot_auth.stores.sql import Database, SQLFlowStore, SQLUserStore
from webex_bot_auth.testing.contract import FlowStoreContract, UserStoreContract


@pytest.fixture
def new_database(sql_url: str) -> Iterator[Callable[[], Database]]:
    """Makes the tables' objects as another process would have them."""
    engines: list[sa.Engine] = []

    def new() -> Database:
        engines.append(sql.connect(sql_url))
        return Database(engines[-1], "webex_bot_auth_")

    yield new
    for engine in engines:
        engine.dispose()


class TestSQLUserStore(UserStoreContract):
    @pytest.fixture
    def make_store(self, new_database: Callable[[], Database]) -> Callable[[], SQLUserStore]:
        return lambda: SQLUserStore(new_database())


class TestSQLFlowStore(FlowStoreContract):
    @pytest.fixture
    def make_store(self, new_database: Callable[[], Database]) -> Callable[[], SQLFlowStore]:
        return lambda: SQLFlowStore(new_database(), "bot")


@pytest.mark.parametrize(
    ("url", "key", "text"),
    [
        ("postgresql+psycopg://h/d", "BYTEA", "BYTEA"),
        ("mysql+pymysql://h/d", "BINARY(32)", "MEDIUMBLOB|BLOB(16777215)"),
        ("mariadb+pymysql://h/d", "BINARY(32)", "MEDIUMBLOB|BLOB(16777215)"),
        ("sqlite:///d", "BLOB", "BLOB"),
    ],
)
def test_names_and_texts_are_bytes_in_each_dialect(url: str, key: str, text: str) -> None:
    """A collation would merge people whose ids differ in case, and PostgreSQL's text refuses NUL."""
    engine = sql.connect(url)
    made = str(sa.schema.CreateTable(Database(engine, "bot_").users).compile(engine))
    assert "CREATE TABLE bot_users" in made
    assert f"id {key} NOT NULL" in made
    assert any(f"record {one} NOT NULL" in made for one in text.split("|"))
    assert "ENGINE=InnoDB" in made or "BINARY" not in made
    assert "VARCHAR" not in made
    assert "TEXT" not in made


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql+psycopg://bot:p@ss/word@h:port/d", "malformed"),
        ("nonsense", "malformed"),
        ("", "malformed"),
        ("oracle+nosuch://bot:password@h/d", "malformed"),
        ("mysql+mysqldb://bot:password@h/d", "needs the driver MySQLdb"),
        ("sqlite://", "names no file"),
    ],
)
def test_a_wrong_url_is_a_setting_error_that_does_not_quote_it(url: str, told: str) -> None:
    with pytest.raises(SettingError, match=told) as caught:
        sql.connect(url)
    assert not any(secret in str(caught.value) for secret in ("ss/word", "bot:password@h/"))


@pytest.mark.parametrize("prefix", ["a b", "x; DROP TABLE users", "1a", "a" * 41])
def test_a_prefix_that_is_no_name_is_a_setting_error(prefix: str) -> None:
    with pytest.raises(SettingError, match="table_prefix"):
        Database(sql.connect("sqlite:///d"), prefix)


def test_a_file_of_sqlite_is_for_its_owner_alone(tmp_path: Path) -> None:
    engine = sql.connect(f"sqlite:///{tmp_path / 'tokens.db'}")
    assert SQLUserStore(Database(engine, "")).swap("alice", None, "record")
    engine.dispose()
    assert stat.S_IMODE((tmp_path / "tokens.db").stat().st_mode) == 0o600


def test_a_database_that_cannot_be_reached_is_tried_once() -> None:
    """A machine that does not answer takes its time limit for each try."""
    engine = sql.connect(f"postgresql+psycopg://bot:secret@/d?host=127.0.0.1&port={free_port()}")
    tries = list[object]()
    sa.event.listen(engine, "do_connect", lambda *given: tries.append(given))
    with pytest.raises(StoreUnavailable, match=r"^postgresql:///d\?host=127\.0\.0\.1: ") as caught:
        SQLUserStore(Database(engine, "bot_")).read("alice")
    assert "secret" not in str(caught.value)
    assert len(tries) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_database_that_goes_away_and_comes_back(how: signal.Signals) -> None:
    """What fails names the host and the reason, and neither the password nor what was sent."""
    with PostgresServer() as server:
        url = server.url.replace("bot@", "bot:secret-word@")
        engine = sql.connect(url)
        store = SQLUserStore(Database(engine, "bot_"))
        token = "-".join(("secret", "token"))  # not in this file, which the traceback quotes
        assert store.swap("alice", None, token)
        server.stop(how)
        for act in (lambda: store.read("alice"), lambda: store.swap("alice", token, None)):
            with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{server.port}/postgres: ") as caught:
                act()
            shown = "".join(traceback.format_exception(caught.value))
            assert token not in shown
            assert "secret-word" not in shown
        server.start()
        assert store.read("alice") == token.encode()
        server.stop()
        server.start()  # between two statements: not noticed
        assert store.swap("alice", token, "new")
        engine.dispose()


def test_a_guarded_command_is_one_statement_and_an_idle_look_another(sqlite_url: str) -> None:
    engine = sql.connect(sqlite_url)
    database = Database(engine, "")
    users, flows, sent = SQLUserStore(database), SQLFlowStore(database, "bot"), list[str]()
    users.swap("alice", None, "record")
    sa.event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    assert users.read("alice") == b"record"
    assert len(sent) == 1
    assert flows.due(["a", "b"], 30, 0) is None
    assert len(sent) == 2
    engine.dispose()


def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, integration: Integration, sqlite_url: str
) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "webex_bot_auth.stores.sql")
    monkeypatch.delattr("webex_bot_auth.stores.sql")
    with pytest.raises(SettingError, match=r'pip install "webex-bot-auth\[sql\]"'):
        SQLTokenManager("token", integration, sqlite_url)


#: forks with a connection in the pool, which belongs to the parent
FORKED = """
import os, signal, sys
import sqlalchemy
from wxc_sdk.integration import Integration
from webex_bot_auth import SQLTokenManager
from webex_bot_auth.testing.sample_contexts import context
integration = Integration(client_id="id", client_secret="secret", scopes="scope",
                          redirect_url="https://bot.example.com/redirect")
manager = SQLTokenManager("token", integration, sys.argv[1])
opened = []
sqlalchemy.event.listen(manager.engine, "connect", lambda *_: opened.append(os.getpid()))
manager.set_user_context(user_id="before", user_context=context("before"))
child = os.fork()
if not child:
    signal.alarm(30)
    assert manager.get_user_context(user_id="before")
    manager.set_user_context(user_id="child", user_context=context("child"))
    assert opened == [os.getppid(), os.getpid()]
    manager.close()
    os._exit(0)
assert not os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert manager.get_user_context(user_id="child")
assert opened == [os.getpid()]  # the child has left the connection alone
manager.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.holds(36)
def test_a_manager_made_before_a_fork_works_after_it(sql_url: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, sql_url]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
