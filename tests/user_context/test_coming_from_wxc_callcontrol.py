"""The data of a bot of wxc_callcontrol is read, listed, encrypted and logged out; the way back is open."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import redis
import yaml
from support.makers import KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, UserContext
from webex_bot_auth.__main__ import main
from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")
Capsys = pytest.CaptureFixture[str]


def as_it_stores_them(client: redis.Redis, *contexts: UserContext) -> None:
    """wxc_callcontrol lists keys, where this package lists ids."""
    for one in contexts:
        client.set(f"user-{one.user_id}", one.model_dump_json())
        client.sadd("users", f"user-{one.user_id}")


@pytest.fixture
def store(client: redis.Redis, redis_url: str) -> list[str]:
    """Arguments of the command line for a Redis with its users Alice and Bob."""
    as_it_stores_them(client, context("alice"), context("bob"))
    return ["--redis-url", redis_url]


class TestUsersInRedis:
    def test_they_are_logged_in(
        self, redis_manager: Make, store: list[str], integration: Integration, client: redis.Redis
    ) -> None:
        with redis_manager("token", integration) as manager:
            assert manager.get_user_context_and_refresh(user_id="alice") == context("alice")
            assert set(manager.contexts.users()) == {"alice", "bob"}  # type: ignore[attr-defined]
        assert client.smembers("users") == {b"alice", b"bob"}, "repaired"

    def test_the_command_line_lists_them(self, store: list[str], capsys: Capsys) -> None:
        assert main([*store, "users", "--json"]) == 0
        assert [user["id"] for user in json.loads(capsys.readouterr().out)] == ["alice", "bob"]

    def test_rotate_encrypts_them(
        self, store: list[str], redis_manager: Make, integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
        assert main([*store, "rotate"]) == 0
        options = {"encryption_keys": [KEY], "accept_plain": False}
        with redis_manager("token", integration, **options) as manager:
            for user_id in ("alice", "bob"):
                assert manager.get_user_context(user_id=user_id)

    @pytest.mark.parametrize("by_command_line", [True, False])
    def test_a_logout_leaves_nothing_of_them(
        self, store: list[str], redis_manager: Make, integration: Integration, client: redis.Redis,
        by_command_line: bool,
    ) -> None:  # fmt: skip
        if by_command_line:
            assert main([*store, "logout", "alice", "--force"]) == 0
        else:
            with redis_manager("token", integration) as manager:
                manager.set_user_context(user_id="alice", user_context=None)
        assert not client.exists("user-alice")
        assert not {b"alice", b"user-alice"} & client.smembers("users")

    @pytest.mark.holds(35)
    def test_an_id_that_looks_like_a_key_is_an_id(
        self, redis_manager: Make, integration: Integration, client: redis.Redis
    ) -> None:
        as_it_stores_them(client, context("alice"))
        with redis_manager("token", integration) as manager:
            manager.set_user_context(user_id="user-alice", user_context=context("user-alice"))
            assert set(manager.contexts.users()) >= {"user-alice"}  # type: ignore[attr-defined]
            manager.set_user_context(user_id="alice", user_context=context("alice", "new"))
            assert set(manager.contexts.users()) == {"alice", "user-alice"}  # type: ignore[attr-defined]
            manager.set_user_context(user_id="alice", user_context=None)
            assert set(manager.contexts.users()) == {"user-alice"}  # type: ignore[attr-defined]

    def test_an_entry_without_a_record_goes(
        self, redis_manager: Make, integration: Integration, client: redis.Redis, store: list[str]
    ) -> None:
        client.delete("user-alice")
        assert main([*store, "users"]) == 0
        assert client.smembers("users") == {b"bob"}

    def test_expired_tokens_raise_where_they_cannot_be_refreshed(
        self, redis_manager: Make, cloud: Sandbox, client: redis.Redis, alice: Person
    ) -> None:
        expired = context(alice.id)
        expired.tokens.expires_at = datetime.now(timezone.utc) - timedelta(days=1)
        as_it_stores_them(client, expired)
        with (
            redis_manager("token", cloud.integration()) as manager,
            cloud.faults.token(status=503),
            pytest.raises(TokenServiceUnavailable),
        ):
            manager.get_user_context_and_refresh(user_id=alice.id)


def test_its_pending_logins_end_as_they_began_and_old_ones_go(
    redis_manager: Make, cloud: Sandbox, client: redis.Redis, alice: Person
) -> None:
    integration = cloud.integration()
    for flow_id, hours in (
        ("0b1f9f46-7f0e-4a5e-9d3c-1f2e3d4c5b6a", 0),
        ("5f0e4d3c-2b1a-4f9e-8d7c-6b5a4f3e2d1c", 48),
    ):
        created = datetime.now(timezone.utc) - timedelta(hours=hours)
        client.set(f"flows-{flow_id}", json.dumps({"user_id": alice.id, "created": created.isoformat()}))
        client.sadd("flows", f"flows-{flow_id}")
    with redis_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        manager.flow_maintenance(force=True)
        assert client.keys("flows*5f0e4d3c*") == []
        back = came_back(cloud, integration.auth_url(state="0b1f9f46-7f0e-4a5e-9d3c-1f2e3d4c5b6a"), alice)
        manager.process_redirect(**back)
        assert manager.get_user_context(user_id=alice.id)


def test_its_file_is_read_and_the_way_back_is_open(
    yaml_manager: Make, tokens_path: Path, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    tokens_path.write_text(yaml.dump({"bob": json.loads(context("bob").model_dump_json())}))
    with yaml_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        assert manager.get_user_context_and_refresh(user_id="bob") == context("bob")
        log_in(cloud, manager, alice)
    stored = yaml.safe_load(tokens_path.read_text())  # as wxc_callcontrol reads it
    assert set(stored) == {"bob", alice.id}
    for user_id, record in stored.items():
        assert record["user_id"] == user_id
        assert record["tokens"]["access_token"]
