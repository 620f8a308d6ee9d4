"""What a SQL database is asked by a guarded command, a login and an idle bot; and many users."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from support.postgres_server import PostgresServer

from webex_bot_auth import SQLTokenManager, UserContext
from webex_bot_auth.logins.desks import POLL, RUN, TIDY
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import came_back

from .measuring import Figure, interleaved, ratio
from .sample_users_and_commands import INTEGRATION, GuardedEcho, call_of, context, person_id

USERS = 100_000


def measure() -> Iterator[Figure]:
    with PostgresServer() as server:
        yield from _statements(server)
        yield from _growth("PostgreSQL", server.url)
    with tempfile.TemporaryDirectory() as folder:
        yield from _growth("SQLite", f"sqlite:///{Path(folder, 'tokens.db')}")


@contextmanager
def _counted(engine: sql.Engine) -> Iterator[list[str]]:
    """Count what is sent to a database within the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sql.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sql.event.remove(engine, "before_cursor_execute", note)


def _statements(server: PostgresServer) -> Iterator[Figure]:
    with Sandbox() as cloud, cloud.clients():
        integration, bot = cloud.integration(), cloud.add_bot("Echo Bot")
        alice = cloud.add_person("Alice Adams")
        manager: Any
        with SQLTokenManager(bot.token, integration, server.url) as manager:
            flow_id = manager.start_flow(user_id=alice.id)  # makes the tables
            manager.process_redirect(**came_back(cloud, integration.auth_url(state=flow_id), alice))
            arguments = call_of(alice.id)
            guarded = GuardedEcho(token_manager=manager)
            guarded.execute(*arguments)
            with _counted(manager.engine) as asked:
                guarded.execute(*arguments)
            yield Figure("guarded command, SQL: statements", len(asked), "", 1)
            table = sql.table("webex_bot_auth_users", sql.column("name"), sql.column("record"))
            found = sql.select(table.c.record).where(table.c.name == alice.id.encode())

            def reference() -> None:
                with bare.connect() as connection:
                    UserContext.model_validate_json(connection.execute(found).one().record)

            bare = manager.engine.execution_options(isolation_level="AUTOCOMMIT")
            mine, other = interleaved(lambda: guarded.execute(*arguments), reference, rounds=40, number=50)
            against = "bare SELECT through SQLAlchemy + model_validate_json"
            yield Figure("guarded command, SQL: time", ratio(mine, other), "x", 1.3, against)
            manager.logout(user_id=alice.id)
            with _counted(manager.engine) as login:
                flow_id = manager.start_flow(user_id=alice.id)
                answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
                manager.process_redirect(**answer)
                manager._messages.wait()
            yield Figure(
                "whole login, SQL: statements", len(login), "", 25, "and what is done after the page"
            )
            with _counted(manager.engine) as idle:
                manager._flows.due([TIDY, RUN, POLL], 30.0, 0.0)
            yield Figure("idle bot, SQL: statements a look", len(idle), "", 1, "at most five looks a second")


def _growth(name: str, url: str) -> Iterator[Figure]:
    """A look at one user of many, against the same with hardly any."""
    user_id = person_id()
    with (
        SQLTokenManager("-", INTEGRATION, url, table_prefix="few_") as few,
        SQLTokenManager("-", INTEGRATION, url, table_prefix="many_") as many,
    ):
        for manager in (few, many):
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
        table = sql.table("many_users", *map(sql.column, ("id", "name", "record")))
        with many.engine.begin() as connection:
            row = connection.execute(sql.select(table)).one()
            for start in range(0, USERS, 10_000):
                numbers = range(start, start + 10_000)
                rows = [
                    {"id": number.to_bytes(32, "big"), "name": b"user %d" % number, "record": row.record}
                    for number in numbers
                ]
                connection.execute(sql.insert(table), rows)
        read = (lambda: many.get_user_context(user_id=user_id), lambda: few.get_user_context(user_id=user_id))
        mine, other = interleaved(*read, rounds=60, number=50)
    yield Figure(f"a look at a user of {USERS:,}, {name}", ratio(mine, other), "x", 1.2, "one user")
