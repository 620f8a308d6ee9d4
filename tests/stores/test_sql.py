"""The stores in a SQL database pass the contract, and are what the dialects need."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

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
