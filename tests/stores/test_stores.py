"""The stores pass their contract: those that the package brings, and the one in the documentation."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from support.makers import KEY, Make
from support.redis_stores import flow_store, user_store

from webex_bot_auth import StoredTokenManager
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.stores.redis.flows import RedisFlowStore
from webex_bot_auth.stores.redis.users import RedisUserStore
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.contract import FlowStoreContract, TokenManagerContract, UserStoreContract

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "stores.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def documented() -> dict[str, Any]:
    """All names that the page's snippets make, but for the manager's."""
    names: dict[str, Any] = {"__name__": "documented"}
    for snippet in (SNIPPETS[0], SNIPPETS[2]):
        exec(snippet, names)  # noqa: S102 (our own page)
    return names


DOCUMENTED = documented()
SQLiteUserStore = DOCUMENTED["SQLiteUserStore"]
TestDocumentedSQLiteUserStore = DOCUMENTED["TestSQLiteUserStore"]


def test_the_documented_store_is_short() -> None:
    assert len(SNIPPETS[0].strip().splitlines()) < 60


class TestYAMLUserStore(UserStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], YAMLUserStore]:
        return functools.partial(YAMLUserStore, str(tmp_path / "tokens.yml"))


class TestRedisUserStore(UserStoreContract):
    @pytest.fixture
    def make_store(self, redis_url: str) -> Callable[[], RedisUserStore]:
        client = redis.Redis.from_url(redis_url)
        return lambda: user_store(client)


class TestRedisUserStoreWithAClientThatDecodes(UserStoreContract):
    @pytest.fixture
    def make_store(self, redis_url: str) -> Callable[[], RedisUserStore]:
        client = redis.Redis.from_url(redis_url, decode_responses=True)
        return lambda: user_store(client)


class TestMemoryFlowStore(FlowStoreContract):
    @pytest.fixture
    def make_store(self) -> Callable[[], MemoryFlowStore]:
        store = MemoryFlowStore()
        return lambda: store


class TestRedisFlowStore(FlowStoreContract):
    @pytest.fixture
    def make_store(self, redis_url: str) -> Callable[[], RedisFlowStore]:
        client = redis.Redis.from_url(redis_url)
        return lambda: flow_store(client)


class TestManagerOverTheDocumentedStore(TokenManagerContract):
    """Whole logins, with pending logins in the memory of the process."""

    @pytest.fixture(params=["plain", "encrypted"])
    def make_manager(self, request: pytest.FixtureRequest, tmp_path: Path) -> Make:
        flows = MemoryFlowStore()
        keys = [KEY] if request.param == "encrypted" else []

        def make(*made: Any, **options: Any) -> StoredTokenManager:
            users = SQLiteUserStore(tmp_path / "tokens.db")
            return StoredTokenManager(*made, users=users, flows=flows, encryption_keys=keys, **options)

        return make


@pytest.mark.filterwarnings("error")
def test_the_documented_store_warns_on_no_python(tmp_path: Path) -> None:
    """Python 3.12 deprecates ``?1`` with a sequence, and warnings are errors elsewhere, too."""
    store = SQLiteUserStore(tmp_path / "tokens.db")
    assert store.swap("alice", None, "1")
    assert store.swap("alice", "1", "2")
    assert store.swap("alice", "2", None)
    assert list(store.users()) == []
    store.close()
    assert not re.search(r"\?\d", SNIPPETS[0])  # as a Python that does not warn would not tell


def test_the_documented_manager_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, integration: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {**DOCUMENTED, "bot_token": "token", "integration": integration, "key": KEY}
    exec(SNIPPETS[1], names)  # noqa: S102 (our own page)
    with names["token_manager"] as manager:
        assert manager.get_user_context(user_id="alice") is None
    assert (tmp_path / "tokens.db").exists()
