"""Redis Sentinel: everything works, and goes on after a failover."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support import documented
from support.makers import Make, MakeManager
from support.redis_contract import OnServers, RedisContract, fail
from support.redis_sentinel import RedisSentinel
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS, sentence_of
from support.writers import writing
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.administration.redis_health import redis_health
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.sandbox import open_url
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisSentinel]:
    sentinel = RedisSentinel(tmp_path_factory.mktemp("sentinel"))
    try:
        yield sentinel.start()
    finally:
        sentinel.stop()


@pytest.fixture
def client(redis: RedisSentinel, integration: Integration) -> Iterator[Any]:
    """What docs/how-to/redis.md recommends."""
    names = documented.run("Sentinel", redis.addresses, integration)
    with names["client"] as client, names["token_manager"]:
        yield client
    for sentinel in names["sentinel"].sentinels:
        sentinel.close()


class TestRedis(RedisContract):
    def test_settings_with_which_commands_hang_or_run_twice_cause_a_warning(
        self, redis: RedisSentinel, integration: Integration, caplog: pytest.LogCaptureFixture
    ) -> None:
        for settings, warning in (
            ({"socket_timeout": None}, "no socket_timeout"),
            ({"socket_timeout": 2.5, "retry": Retry(NoBackoff(), 3)}, "has retries"),
        ):
            caplog.clear()
            with Redis(**{"retry": Retry(NoBackoff(), 0), **settings}) as client:
                RedisTokenManager("token", integration, redis_client=client).close()
            assert [warning in message for message in caplog.messages] == [True]

    def test_a_client_for_a_server_gets_an_error_that_says_that_this_is_a_sentinel(
        self, redis: RedisSentinel, integration: Integration
    ) -> None:
        with RedisTokenManager("token", integration, redis_url=redis.sentinels[0].url) as manager:
            assert "sentinel mode" in (redis_health(manager).write_refused or "")


#: maximum time of a call with the settings of redis.md, in seconds: three Sentinels that do not answer,
#: and then a server that does not answer
LONGEST = 3 * (0.5 + 0.5) + 2 + 2.5
#: seconds that a call may take longer, as the tests share the processor with other programs
LEEWAY = 10.0


@pytest.mark.holds(32)
class TestFailover(OnServers):
    @pytest.mark.parametrize("how", ["killed", "paused"])
    def test_every_call_ends_and_nothing_that_the_replica_has_is_lost(
        self, redis: RedisSentinel, make: MakeManager, how: str
    ) -> None:
        managers = [make() for _ in range(4)]
        with writing(managers, lambda number: (f"{number}-{n}" for n in itertools.count())) as results:
            results.wait_for_more(writes=50)
            confirmed = list(results.acknowledged)
            assert redis.replicated()
            old = redis.primary
            fail(old, how)
            took = redis.promoted(old)
            results.wait_for_more()
        print(f"{how}: promoted after {took:.1f} s; {results}")
        assert results.unexpected == []
        assert results.refused
        assert results.longest < LONGEST + LEEWAY
        for name in confirmed:
            assert managers[0].get_user_context(user_id=name) == context(name)

    def test_people_are_asked_to_try_again_and_can_then_continue(
        self, redis: RedisSentinel, redis_make: Make, cloud: WebexSandbox
    ) -> None:
        bot = cloud.run(Whoami, manager=redis_make)
        alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
        bot.log_in(alice)
        asked = bot.hears(bob, "whoami")
        url = open_url(bot.login_card(bob).card or {})
        in_flight = came_back(cloud, url, bob)
        assert redis.replicated()
        old = redis.primary
        fail(old, "killed")
        start = time.monotonic()
        assert bot.ask(alice, "whoami").text == TEXTS.store_down
        assert bot.manager.process_redirect(**in_flight) == sentence_of(TEXTS.page_store_down)
        assert time.monotonic() - start < LONGEST + LEEWAY
        redis.promoted(old)
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"
        assert bot.manager.process_redirect(**in_flight) == sentence_of(TEXTS.page_done)
        assert bot.answer_to(asked, "You are Bob Brown")

    def test_an_old_primary_that_comes_back_brings_nothing_back(
        self, redis: RedisSentinel, make: MakeManager
    ) -> None:
        """The old primary has not seen the logout, and its log on disk still has the login."""
        manager, other = make(), make()
        for name in ("alice", "bob"):
            manager.set_user_context(user_id=name, user_context=context(name))
        assert redis.replicated()
        old = redis.primary
        fail(old, "killed")
        redis.promoted(old)
        manager.set_user_context(user_id="alice", user_context=None)
        old.start()
        assert old.client.get("user-alice")
        assert manager.get_user_context(user_id="alice") is None
        print(f"demoted after {redis.demoted(old):.1f} s")
        for one in (manager, other):
            assert one.get_user_context(user_id="alice") is None
            assert one.get_user_context(user_id="bob") == context("bob")
            assert list(one.contexts.users()) == ["bob"]
        assert old.client.get("user-alice") is None

    def test_without_enough_replicas_a_primary_takes_no_writes_if_it_is_configured_so(
        self, redis: RedisSentinel, make: MakeManager
    ) -> None:
        manager, primary = make(), redis.primary.client
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        primary.config_set("min-replicas-to-write", 1)
        fail(redis.replica, "killed")
        try:
            wait_until(lambda: not primary.info("replication")["connected_slaves"], "no replica")
            with pytest.raises(StoreUnavailable, match="NOREPLICAS"):
                manager.set_user_context(user_id="alice", user_context=None)
            assert manager.get_user_context(user_id="alice") == context("alice")
        finally:
            primary.config_set("min-replicas-to-write", 0)

    def test_two_of_three_sentinels_are_not_needed_to_find_the_primary(
        self, redis: RedisSentinel, make: MakeManager, client: Any
    ) -> None:
        for sentinel in redis.sentinels[:2]:
            sentinel.stop(signal.SIGKILL)
        manager = make()
        assert manager.get_user_context(user_id="alice") is None
        redis.sentinels[2].stop(signal.SIGKILL)
        assert manager.get_user_context(user_id="alice") is None  # over the open connection
        client.connection_pool.disconnect()
        with pytest.raises(StoreUnavailable, match="no Sentinel that answers"):
            manager.get_user_context(user_id="alice")
