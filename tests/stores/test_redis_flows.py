"""Pending logins in Redis: they expire, are bounded for each user, and leave nothing behind."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import redis
from support.makers import Make
from support.redis_stores import BOT
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.models import Outcome
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import came_back


@pytest.fixture
def manager(redis_manager: Make, integration: Integration) -> Iterator[RedisTokenManager]:
    with redis_manager("token", integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        yield manager


class TestExpiry:
    def test_everything_of_a_pending_login_expires(
        self, redis_manager: Make, integration: Integration, client: redis.Redis, cloud: Sandbox
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        with redis_manager(cloud.add_bot("Echo").token, integration) as manager:
            manager.request_login(user_id=alice.id)
            answer = came_back(cloud, manager.asking.url(alice.id), alice)
            manager.process_redirect(**answer)
        forever = {key for key in client.scan_iter() if client.ttl(key) == -1}
        agendas = {key for key in forever if b"-agenda-" in key}  # of what nothing else would tell
        assert forever - agendas == {b"users", f"user-{alice.id}".encode(), b"flows"}

    @pytest.mark.holds(11)
    def test_1000_flows_of_a_user_leave_a_bounded_store(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        for _ in range(1000):
            manager.start_flow(user_id="alice")
        assert client.scard("flows") == 5
        assert len(client.keys("flows-*")) == 5
        assert len(manager.desks.read("alice").desk.flows) == 5


class TestMaintenance:
    def test_a_login_that_was_just_used_is_still_called_used(
        self, manager: RedisTokenManager, client: redis.Redis, cloud: Sandbox
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        answer = came_back(cloud, manager.asking.url(alice.id), alice)
        assert manager.process_redirect(**answer).outcome is Outcome.DONE
        manager.flow_maintenance(force=True)
        assert manager.process_redirect(**answer).outcome is Outcome.DONE_BEFORE

    @staticmethod
    def abandon(client: redis.Redis, *flow_ids: str, hours: float = 48) -> None:
        created = datetime.now(timezone.utc) - timedelta(hours=hours)
        for flow_id in flow_ids:
            client.set(f"flows-{flow_id}", json.dumps({"user_id": "u", "created": created.isoformat()}))
            client.sadd("flows", flow_id)

    def test_it_drops_what_has_expired_and_nothing_else(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        self.abandon(client, *(f"old{number}" for number in range(1200)))
        self.abandon(client, "young", hours=0)
        client.sadd("flows", f"gone{BOT}", "another application's")
        client.set("flow-maintenance", datetime.now(timezone.utc).isoformat())
        mine = manager.start_flow(user_id="alice")
        output = io.StringIO()
        manager.flow_maintenance(output=output)
        assert (client.scard("flows"), output.getvalue()) == (1204, "")
        manager.flow_maintenance(force=True, output=output)
        assert client.smembers("flows") == {b"young", mine.encode(), b"another application's"}
        assert sorted(client.keys("flows-*")) == sorted([b"flows-young", f"flows-{mine}".encode()])
        assert len(output.getvalue().splitlines()) == 1201
        assert "old" not in output.getvalue()

    @pytest.mark.parametrize(
        ("latest", "needed"),
        [(None, True), ("nonsense", True), (16, True), (14, False), ("2020-01-01T00:00:00", True)],
    )
    def test_it_is_needed_every_15_minutes(
        self, manager: RedisTokenManager, client: redis.Redis, latest: Any, needed: bool
    ) -> None:
        if isinstance(latest, int):
            latest = (datetime.now(timezone.utc) - timedelta(minutes=latest)).isoformat()
        if latest:
            client.set("flow-maintenance", latest)
        assert manager.flow_maintenance_needed() is needed
        assert manager.flow_maintenance_needed(force=True) is True
        manager.flow_maintenance()
        assert manager.flow_maintenance_needed() is False

    def test_a_new_flow_starts_it_when_it_is_due(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        self.abandon(client, "old")
        with redis.Redis.from_url(
            f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}"
        ) as other:
            client.config_set("notify-keyspace-events", "Ks")
            events = other.pubsub()
            events.psubscribe("__keyspace@0__:flows")
            manager.start_flow(user_id="alice")
            next(event for event in events.listen() if event["data"] == b"srem")
            events.close()
        assert client.exists("flows-old") == 0


def test_an_old_flow_of_an_unknown_age_is_dropped(manager: RedisTokenManager, client: redis.Redis) -> None:
    client.set("flows-old", '{"user_id": "alice", "created": null}')
    client.sadd("flows", "old")
    client.set("flow-maintenance", datetime.now(timezone.utc).isoformat())  # none runs beside it
    mine = manager.start_flow(user_id="alice")
    manager.flow_maintenance(force=True)
    assert client.smembers("flows") == {mine.encode()}
    assert not client.exists("flows-old")
