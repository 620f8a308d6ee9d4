"""What is stored in Redis: keys, records of earlier installations, the index of users; and Redis clients."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest
import redis
from support.makers import Make
from support.redis_stores import events_of
from support.wording import TEXTS, sentence_of
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, UserContext
from webex_bot_auth.errors import SettingError, StoreUnavailable
from webex_bot_auth.logins.records import Records
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture
def manager(redis_manager: Make, integration: Integration) -> Iterator[RedisTokenManager]:
    with redis_manager("token", integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        yield manager


def test_the_specifications_names() -> None:
    names = RedisTokenManager.FLOW_SET, RedisTokenManager.FLOW_MAINTENANCE
    assert names == ("flows", "flow-maintenance")
    assert (RedisTokenManager.USER_KEY_PREFIX, RedisTokenManager.USER_SET) == ("user", "users")
    flow = RedisTokenManager.FlowState(user_id="alice")
    assert (flow.user_id, flow.created.tzinfo) == ("alice", timezone.utc)


def test_contexts_have_the_keys_of_the_specification(manager: RedisTokenManager, client: redis.Redis) -> None:
    manager.set_user_context(user_id="alice", user_context=context("alice"))
    record = json.loads(client.get("user-alice") or b"")
    assert (record["user_id"], record["tokens"]["access_token"]) == ("alice", "access")
    assert client.smembers("users") == {b"alice"}
    manager.set_user_context(user_id="alice", user_context=None)
    assert client.keys() == []


def test_a_prefix_is_put_before_every_key(
    redis_manager: Make, integration: Integration, client: redis.Redis, cloud: Sandbox
) -> None:
    alice = cloud.add_person("Alice Adams")
    with redis_manager(cloud.add_bot("Echo").token, integration, key_prefix="bot1:") as manager:
        manager.request_login(user_id=alice.id)
        log_in(cloud, manager, alice)
        assert events_of(manager).claim("event", alice.id)
        assert [key for key in client.scan_iter() if not key.startswith(b"bot1:")] == []
        assert client.exists(f"bot1:user-{alice.id}")


def test_a_desk_outlives_what_is_on_it(manager: RedisTokenManager, client: redis.Redis) -> None:
    """What is over is told by an agenda, also by a process that was down for a night."""
    manager.start_flow(user_id="alice")
    (key,) = client.scan_iter("*desk-alice")
    assert client.ttl(key) > 24 * 60 * 60 + 9 * 60


def test_what_earlier_installations_wrote_is_read(manager: RedisTokenManager, client: redis.Redis) -> None:
    tokens = {"access_token": "old", "refresh_token": "older", "expires_at": "2031-01-01T00:00:00+00:00"}
    client.set("user-alice", json.dumps({"user_id": "alice", "tokens": tokens}))
    client.sadd("users", "alice")
    found = manager.get_user_context(user_id="alice")
    assert found
    assert found.tokens.refresh_token == "older"
    assert manager.get_user_context_and_refresh(user_id="alice") == found


#: ids of flows as earlier installations made them
YOUNG, OLD = "0b1f9f46-7f0e-4a5e-9d3c-1f2e3d4c5b6a", "5f0e4d3c-2b1a-4f9e-8d7c-6b5a4f3e2d1c"


@pytest.mark.holds(3)
def test_a_flow_that_an_earlier_installation_stored_works_until_it_is_too_old(
    manager: RedisTokenManager, client: redis.Redis, cloud: Sandbox, integration: Integration
) -> None:
    alice = cloud.add_person("Alice Adams")
    for flow_id, hours in ((YOUNG, 0), (OLD, 48)):
        created = datetime.now(timezone.utc) - timedelta(hours=hours, seconds=1)
        client.set(f"flows-{flow_id}", json.dumps({"user_id": alice.id, "created": created.isoformat()}))
        client.sadd("flows", flow_id)
    cloud.calls.clear()
    told = manager.process_redirect(flow_id=OLD, code="code")
    assert told == sentence_of(TEXTS.page_no_such_flow)
    assert list(cloud.calls) == []
    answer = came_back(cloud, integration.auth_url(state=YOUNG), alice)
    assert manager.process_redirect(**answer) == sentence_of(TEXTS.page_done)
    assert not client.exists(f"flows-{YOUNG}")
    cloud.calls.clear()
    again = manager.process_redirect(**came_back(cloud, integration.auth_url(state=YOUNG), alice))
    assert again == sentence_of(TEXTS.page_no_such_flow)
    assert cloud.calls.exchanges() == []
    manager.flow_maintenance(force=True)
    assert not client.exists(f"flows-{OLD}")


def test_a_given_client_is_used_and_left_open(integration: Integration, redis_url: str) -> None:
    for decode in (False, True):
        with redis.Redis.from_url(redis_url, decode_responses=decode) as client:
            with RedisTokenManager("token", integration, redis_client=client) as manager:
                manager.set_user_context(user_id="alice", user_context=context("alice"))
                flow_id = manager.start_flow(user_id="alice")
                assert manager.get_user_context(user_id="alice") == context("alice")
                assert manager.finish_login(flow_id=flow_id, error="server_error")
                manager.flow_maintenance(force=True)
            assert client.ping()


def test_the_host_takes_precedence_over_the_url(integration: Integration) -> None:
    manager = RedisTokenManager("token", integration, "somewhere", "redis://elsewhere")
    assert manager.redis.connection_pool.connection_kwargs["host"] == "somewhere"
    manager.close()


@pytest.mark.parametrize("url", [None, "", "http://x", "redis//x", "redis://localhost:port"])
def test_a_missing_or_malformed_url_is_named(integration: Integration, url: str | None) -> None:
    with pytest.raises(SettingError, match="redis_url"):
        RedisTokenManager("token", integration, redis_url=url)


def test_bytes_that_are_no_text_are_a_clear_error_also_with_a_client_that_decodes(
    redis_url: str, client: redis.Redis, integration: Integration
) -> None:
    client.set("user-alice", b"\xff\xfe")
    client.sadd("users", b"\xff", "bob")
    with (
        redis.Redis.from_url(redis_url, decode_responses=True) as decoding,
        RedisTokenManager("token", integration, redis_client=decoding) as manager,
    ):
        with pytest.raises(StoreUnavailable, match="no text"):
            manager.get_user_context(user_id="alice")
        with pytest.raises(StoreUnavailable, match="no text"):
            list(manager.contexts.users())  # type: ignore[attr-defined]
    with RedisTokenManager("token", integration, redis_url=redis_url) as manager:
        assert "bob" in set(manager.contexts.users())


def test_a_record_is_parsed_once_and_leaves_the_cache_with_a_logout(manager: RedisTokenManager) -> None:
    manager.set_user_context(user_id="alice", user_context=context("alice"))
    with mock.patch.object(Records, "load", autospec=True, side_effect=Records.load) as parsed:
        first, second = (manager.get_user_context(user_id="alice") for _ in range(2))
        assert parsed.call_count == 1
    assert first == second
    assert first is not second
    for token, drop in {
        "one": lambda: manager.set_user_context(user_id="alice"),
        "another": lambda: manager.contexts.replace(context("alice", "another"), None),
    }.items():
        manager.set_user_context(user_id="alice", user_context=context("alice", token))
        made: list[weakref.ref[UserContext]] = []
        with mock.patch.object(Records, "load", autospec=True, side_effect=noting(made)):
            manager.get_user_context(user_id="alice")
        gc.collect()
        assert made[0]() is not None  # kept for the next command
        drop()
        gc.collect()
        assert made[0]() is None


def noting(made: list[weakref.ref[UserContext]]) -> Callable[..., UserContext]:
    """``Records.load``, with a reference to each context that it makes."""
    load = Records.load

    def load_and_note(*arguments: Any, **options: Any) -> UserContext:
        context: UserContext = load(*arguments, **options)
        made.append(weakref.ref(context))
        return context

    return load_and_note


class LoginMeanwhile:
    """A Redis client of somebody slow: a user logs in after its first change."""

    def __init__(self, client: redis.Redis, log_in: Callable[[], None]) -> None:
        self._client = client
        self._log_in: Callable[[], None] | None = log_in

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def eval(self, *arguments: Any) -> Any:
        answer = self._client.eval(*arguments)
        if self._log_in is not None:
            self._log_in, log_in = None, self._log_in
            log_in()
        return answer


def test_a_user_who_logs_in_during_a_logout_is_in_the_index(
    redis_manager: Make, integration: Integration, client: redis.Redis
) -> None:
    old, new = context("alice", access_token="old"), context("alice", access_token="new")
    with redis_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=old)
        slow = LoginMeanwhile(client, lambda: manager.set_user_context(user_id="alice", user_context=new))
        with RedisTokenManager("token", integration, redis_client=slow) as other:
            assert other.contexts.replace(old, None)
        assert manager.get_user_context(user_id="alice") == new
        assert list(manager.contexts.users()) == ["alice"]  # type: ignore[attr-defined]


def test_a_login_is_finished_also_if_the_index_of_flows_fails(
    redis_manager: Make, client: redis.Redis, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    """For example if another node of a cluster is down: the code that was used would be lost."""
    with redis_manager(cloud.add_bot("Echo").token, integration) as manager:
        answer = came_back(cloud, manager.asking.url(alice.id), alice)
        client.delete("flows")
        client.set("flows", "no set")
        assert manager.process_redirect(**answer) == sentence_of(TEXTS.page_done)
        assert manager.get_user_context(user_id=alice.id)
