"""Tests of RedisTokenManager that hold for every client, beyond the contract of all backends."""

from __future__ import annotations

import functools
import io
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.administration.checks.check_result import Level
from webex_bot_auth.administration.checks.redis_requirements import check_redis_health
from webex_bot_auth.administration.pending_flows import pending_flows
from webex_bot_auth.administration.redis_health import redis_health
from webex_bot_auth.logins.desk import begin_next
from webex_bot_auth.sandbox import open_url
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context

from .contexts import expiring
from .makers import KEY, Make, MakeManager
from .redis_server import RedisServer, is_saved
from .redis_stores import events_of, flow_store
from .waiting import wait_until
from .whoami import Whoami
from .wording import TEXTS, sentence_of


def fail(node: RedisServer, how: str) -> None:
    """Make a server fail: ``how`` is "killed" or "paused"; what it has confirmed is in its log on disk."""
    if how == "killed":
        wait_until(lambda: is_saved(node), "a log on disk that is complete")
        node.stop(signal.SIGKILL)
    else:
        node.pause()


class OnServers:
    """Base class of tests; needs the fixtures ``started`` (the servers) and ``client`` (a client of them)."""

    @pytest.fixture
    def redis(self, started: Any) -> Any:
        """The servers, all up and empty."""
        started.heal()
        started.flush()
        return started

    @pytest.fixture
    def redis_make(self, client: Any) -> Make:
        """Makes a manager with the client."""
        return functools.partial(RedisTokenManager, redis_client=client)

    @pytest.fixture
    def make(self, redis_make: Make, cloud: WebexSandbox, integration: Integration) -> Iterator[MakeManager]:
        """Makes managers as several processes would have them."""
        token = cloud.add_bot("Echo Bot").token
        with ExitStack() as managers:
            yield lambda **options: managers.enter_context(redis_make(token, integration, **options))


class RedisContract(OnServers):
    """Everything except failovers."""

    @pytest.fixture
    def manager(self, make: MakeManager) -> RedisTokenManager:
        manager = make()
        assert isinstance(manager, RedisTokenManager)
        return manager

    def test_users_are_listed_and_their_contexts_encrypted_with_a_new_key(
        self, manager: RedisTokenManager, make: MakeManager, client: Any
    ) -> None:
        names = {f"name {number}" for number in range(50)}
        for name in names:
            manager.set_user_context(user_id=name, user_context=context(name))
        manager.set_user_context(user_id="name 0", user_context=None)
        assert set(manager.contexts.users()) == names - {"name 0"}
        renewal = make(encryption_keys=[KEY]).contexts.rotate()
        assert (renewal.changed, renewal.unreadable) == (49, [])
        assert b"sealed" in client.get("user-name 1")

    def test_maintenance_drops_thousands_of_flows_that_have_expired(
        self, manager: RedisTokenManager, client: Any
    ) -> None:
        now = datetime.now(timezone.utc)
        long_ago = (now - timedelta(hours=48)).isoformat()
        client.set("flow-maintenance", now.isoformat())  # otherwise a new flow would start it as well
        with client.pipeline(transaction=False) as pipe:
            for number in range(3000):
                pipe.set(f"flows-old{number}", json.dumps({"user_id": "u", "created": long_ago}))
            pipe.sadd("flows", *(f"old{number}" for number in range(3000)))
            pipe.execute()
        mine = manager.start_flow(user_id="alice")
        output = io.StringIO()
        manager.flow_maintenance(force=True, output=output)
        assert client.smembers("flows") == {mine.encode()}
        assert not any(client.exists(f"flows-old{number}") for number in range(0, 3000, 100))
        assert len(output.getvalue().splitlines()) == 3000
        assert manager.flow_maintenance_needed() is False

    def test_pending_flows_are_listed(self, manager: RedisTokenManager) -> None:
        for _ in range(3):
            manager.start_flow(user_id="alice")
        used = manager.start_flow(user_id="bob")
        manager.finish_login(flow_id=used, error="invalid_scope")
        flows = list(pending_flows(manager))
        assert len(flows) == 3
        assert all(500 < (flow.seconds_left or 0) <= 600 for flow in flows)

    def test_a_users_oldest_flows_are_dropped(self, manager: RedisTokenManager, client: Any) -> None:
        flows = [manager.start_flow(user_id="alice") for _ in range(20)]
        assert client.smembers("flows") == {flow.encode() for flow in flows[-5:]}
        assert sum(client.exists(f"flows-{flow}") for flow in flows) == 5

    def test_a_command_is_resumed_by_another_process(self, make: MakeManager, cloud: WebexSandbox) -> None:
        bot, web, other_bot = make(), make(), make()
        alice = cloud.add_person("Alice Adams")
        bot.asking.ask(alice.id, command=waiting(alice.id))
        log_in(cloud, web, alice)
        assert released(other_bot, alice.id) == ["echo"]
        assert other_bot.desks.change(alice.id, begin_next)
        assert released(bot, alice.id) == []

    def test_a_device_login_ends_in_whichever_process_polls(
        self, redis_make: Make, cloud: WebexSandbox, make: MakeManager
    ) -> None:
        cloud.oauth.device_interval = 1
        bot = cloud.run(Whoami, manager=lambda *made: redis_make(*made, login_flow="device"))
        alice = cloud.add_person("Alice Adams")
        asked = bot.hears(alice, "whoami")
        card = bot.login_card(alice)
        assert "userCode" in open_url(card.card)
        bot.press_login(card, alice)
        assert bot.answer_to(asked, "You are Alice Adams")

    def test_an_event_is_handled_by_one_process(self, make: MakeManager) -> None:
        processes = [events_of(make()) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            first = list(pool.map(lambda events: events.claim("event", "alice"), processes))
        assert first.count(True) == 1

    @pytest.mark.holds(22)
    def test_one_expired_token_makes_one_refresh(self, make: MakeManager, cloud: WebexSandbox) -> None:
        managers, alice = [make() for _ in range(4)], cloud.add_person("Alice Adams")
        log_in(cloud, managers[0], alice)
        stored = managers[0].get_user_context(user_id=alice.id)
        assert stored
        managers[0].set_user_context(user_id=alice.id, user_context=expiring(stored, -1))
        with ThreadPoolExecutor(20) as pool:
            got = list(
                pool.map(
                    lambda number: managers[number % 4].get_user_context_and_refresh(user_id=alice.id),
                    range(20),
                )
            )
        assert len(cloud.calls.refreshes()) == 1
        assert all(one == managers[3].get_user_context(user_id=alice.id) for one in got)

    def test_a_lease_is_given_back_by_its_holder_alone(self, client: Any) -> None:
        one, other = Leases(flow_store(client)), Leases(flow_store(client))
        with one.hold("refresh-alice") as lease:
            assert lease
            with other.hold("refresh-alice") as also:
                assert also is None
            assert client.exists("refresh-alice")
            client.set("refresh-alice", "of another process that took it after it had expired")
        assert client.exists("refresh-alice")
        client.delete("refresh-alice")
        with one.hold("refresh-alice") as again:
            assert again
        assert not client.exists("refresh-alice")

    def test_the_documented_settings_cause_no_warning(
        self, make: MakeManager, caplog: pytest.LogCaptureFixture
    ) -> None:
        make()
        assert caplog.record_tuples == []

    def test_the_doctor_finds_it_sound(self, manager: RedisTokenManager) -> None:
        assert [
            str(one) for one in check_redis_health(redis_health(manager)) if one.level is not Level.OK
        ] == []

    @pytest.mark.parametrize("prefix", ["bot1:", "{bot}:"])
    def test_everything_works_with_a_prefix(
        self, make: MakeManager, cloud: WebexSandbox, client: Any, prefix: str
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        manager = make(key_prefix=prefix)
        manager.asking.ask(alice.id, command=waiting(alice.id))
        answer = came_back(cloud, manager.asking.url(alice.id), alice)
        assert manager.process_redirect(**answer) == sentence_of(TEXTS.page_done)
        assert released(manager, alice.id) == ["echo"]
        assert events_of(manager).claim("event", alice.id)
        assert list(manager.contexts.users()) == [alice.id]
        keys = {key.decode() for key in client.scan_iter()}
        assert f"{prefix}user-{alice.id}" in keys
        assert [key for key in keys if not key.startswith(prefix)] == []
        assert manager.logout(user_id=alice.id) is not None
        assert list(manager.contexts.users()) == []
