"""Other applications on the same Redis: their keys are theirs; the specification's two sets are shared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from support.makers import Make
from support.redis_stores import BOT
from support.wording import TEXTS, sentence_of
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import StoreError
from webex_bot_auth.ground.clock import utc_now
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context

#: a name that has the form of a flow id
STATE = "0123456789abcdef"
#: texts under names that begin as ours do
TEXTS_OF_OTHERS = {
    f"flows-{STATE}": "a text",
    "flows-fedcba9876543210": json.dumps({"user_id": 7}),
    f"flows-{'x' * 26}{BOT}": "a text",
    "user-": "a text",
    "userflows": "a text",
    "refresh-": "a text",
    "desk-alice": "a text",
    f"bot-{'0' * 8}-desk-alice": "a text",
    f"bot-{'0' * 8}-agenda-tidy": "a text",
}


@pytest.fixture
def manager(redis_manager: Make, cloud: Sandbox, integration: Integration) -> Iterator[RedisTokenManager]:
    with redis_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        yield manager


@pytest.fixture
def theirs(client: redis.Redis) -> dict[bytes, bytes]:
    """What another application has in Redis: none of it expires."""
    client.mset(TEXTS_OF_OTHERS)
    client.sadd("flows", STATE, f"flows-{STATE}", "their member", "fedcba9876543210")
    client.sadd("users", "their member", "user-their key")
    client.hset("flows-aaaaaaaaaaaaaaaa", "a", "hash")
    client.sadd("flows", "aaaaaaaaaaaaaaaa")
    return {key: client.dump(key) for key in client.scan_iter() if client.type(key) != b"set"}


@pytest.mark.holds(69)
def test_redirects_logins_and_maintenance_leave_the_keys_of_others(
    manager: RedisTokenManager, client: redis.Redis, theirs: dict[bytes, bytes], cloud: Sandbox, alice: Person
) -> None:
    for key in theirs:
        state = key.decode().removeprefix("flows-")
        for brought in ({"code": "code"}, {"error": "access_denied"}):
            cloud.calls.clear()
            told = manager.finish_login(flow_id=state, **brought)
            assert told in (sentence_of(TEXTS.page_no_such_flow), sentence_of(TEXTS.page_store_down))
            assert list(cloud.calls) == []
    log_in(cloud, manager, alice)
    for _ in range(7):
        manager.start_flow(user_id=alice.id)
    manager.request_login(user_id=alice.id)
    manager.flow_maintenance(force=True)
    list(manager.contexts.users())
    manager.contexts.rotate()
    manager.logout(user_id=alice.id)
    manager.set_user_context(user_id="alice", user_context=context("alice"))
    manager.set_user_context(user_id="alice", user_context=None)
    assert {key: client.dump(key) for key in theirs} == theirs
    assert {key: client.ttl(key) for key in theirs} == dict.fromkeys(theirs, -1)


@pytest.mark.holds(69)
def test_of_the_shared_sets_only_our_own_members_come_and_go(
    manager: RedisTokenManager, client: redis.Redis, theirs: dict[bytes, bytes], cloud: Sandbox, alice: Person
) -> None:
    flows, users = client.smembers("flows"), client.smembers("users")
    log_in(cloud, manager, alice)
    mine = manager.start_flow(user_id=alice.id)
    assert client.smembers("users") == users | {alice.id.encode()}
    assert client.smembers("flows") > flows | {mine.encode()}
    assert (client.ttl("flows"), client.ttl("users")) == (-1, -1)
    assert manager.logout(user_id=alice.id) is not None
    for key in client.scan_iter("flows-*"):
        if key not in theirs:
            client.delete(key)  # as if they had expired
    manager.flow_maintenance(force=True)
    assert (client.smembers("flows"), client.smembers("users")) == (flows, users)


@pytest.mark.parametrize("name", ["users", "flows"])
@pytest.mark.holds(69)
def test_another_type_under_a_shared_name_is_named_and_left(
    manager: RedisTokenManager, client: redis.Redis, name: str
) -> None:
    client.hset(name, "of", "another application")
    before = client.dump(name)
    acts: dict[str, list[Callable[[], object]]] = {
        "users": [
            lambda: manager.set_user_context(user_id="alice", user_context=context("alice")),
            lambda: list(manager.contexts.users()),
        ],
        "flows": [
            lambda: manager.start_flow(user_id="alice"),
            lambda: manager.flow_maintenance(force=True),
        ],
    }
    for act in acts[name]:
        with pytest.raises(StoreError, match=rf"^{name}: .*key_prefix"):
            act()
    assert client.dump(name) == before
    assert manager.get_user_context(user_id="alice") is None


def test_a_flow_of_an_older_version_is_taken_only_while_it_is_young_and_only_in_its_form(
    manager: RedisTokenManager, client: redis.Redis, cloud: Sandbox, integration: Integration, alice: Person
) -> None:
    now = utc_now()
    states = {
        "a" * 22: {"user_id": alice.id, "created": (now - timedelta(minutes=11)).isoformat()},
        "b" * 22: {"user": alice.id, "created": now.isoformat()},
        "c" * 22: [alice.id],
    }
    for flow_id, state in states.items():
        client.set(f"flows-{flow_id}", json.dumps(state))
        answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
        cloud.calls.clear()
        assert manager.process_redirect(**answer) == sentence_of(TEXTS.page_no_such_flow)
        assert list(cloud.calls) == []
        assert json.loads(client.get(f"flows-{flow_id}") or b"") == state
    assert manager.get_user_context(user_id=alice.id) is None
