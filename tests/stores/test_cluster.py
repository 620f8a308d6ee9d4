"""Redis Cluster: everything works, and goes on after a failover."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.cluster import get_connection
from redis.crc import key_slot
from support import documented
from support.makers import MakeManager
from support.redis_cluster import RedisCluster
from support.redis_contract import OnServers, RedisContract, fail
from support.redis_server import RedisServer
from support.redis_stores import flow_store, user_store
from support.wording import TEXTS, sentence_of
from support.writers import writing
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.administration.redis_health import redis_health
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins.desk import use
from webex_bot_auth.models import reference
from webex_bot_auth.stores import FlowStore, UserStore
from webex_bot_auth.stores.leases import Leases
from webex_bot_auth.testing.contract import FlowStoreContract, UserStoreContract
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    cluster = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@pytest.fixture
def client(redis: RedisCluster, integration: Integration) -> Iterator[Any]:
    """What docs/how-to/redis.md recommends."""
    names = documented.run("Cluster", redis.addresses, integration)
    with names["client"] as client, names["token_manager"]:
        yield client


class TestUserStore(OnServers, UserStoreContract):
    @pytest.fixture
    def make_store(self, client: Any) -> Callable[[], UserStore]:
        return lambda: user_store(client)


class TestFlowStore(OnServers, FlowStoreContract):
    @pytest.fixture
    def make_store(self, client: Any) -> Callable[[], FlowStore]:
        return lambda: flow_store(client)


class TestRedis(RedisContract):
    def test_keys_with_a_hash_tag_are_in_one_slot(self, manager: RedisTokenManager, client: Any) -> None:
        tagged = [f"{{bot}}:{key}" for key in ("users", "user-alice", "flows", "refresh-alice")]
        assert len({client.keyslot(key) for key in tagged}) == 1
        assert len({client.keyslot(key.removeprefix("{bot}:")) for key in tagged}) == 4

    def test_a_client_for_a_single_server_gets_an_error_that_says_that_this_is_a_cluster(
        self, redis: RedisCluster, integration: Integration
    ) -> None:
        with RedisTokenManager("token", integration, redis_url=redis.without_replica.url) as manager:
            away = next(redis.names_of(redis.with_replica, "user-"))
            with pytest.raises(StoreUnavailable, match="a node of a cluster"):
                manager.get_user_context(user_id=away)
            assert "cluster mode" in (redis_health(manager).write_refused or "")

    def test_the_doctor_reports_the_worst_of_all_nodes(
        self, redis: RedisCluster, manager: RedisTokenManager
    ) -> None:
        node = redis.without_replica
        node.client.config_set("maxmemory-policy", "allkeys-lru")
        node.client.config_set("appendonly", "no")
        node.client.config_set("min-replicas-to-write", 1)
        try:
            health = redis_health(manager)
        finally:
            node.client.config_set("min-replicas-to-write", 0)
            node.client.config_set("appendonly", "yes")
            node.client.config_set("maxmemory-policy", "noeviction")
        assert (health.eviction, health.has_append_only_log) == ("allkeys-lru", False)
        assert "NOREPLICAS" in (health.write_refused or "")

    def test_the_doctor_names_a_node_that_is_down(
        self, redis: RedisCluster, manager: RedisTokenManager
    ) -> None:
        node = redis.without_replica
        fail(node, "killed")
        with pytest.raises(StoreUnavailable, match=rf"Redis 127.0.0.1:{node.port}: .* cannot be reached"):
            redis_health(manager)


#: maximum time of a call with the settings of redis.md, in seconds: a node that does not answer, and two
#: others that are asked which node serves its slots now
LONGEST = 3 * (2 + 2.5)
#: seconds that a call may take longer, as the tests share the processor with other programs
LEEWAY = 10.0


def names_on(redis: RedisCluster, node: RedisServer, prefix: str) -> list[str]:
    """Ids of users whose contexts this node stores, more than a test needs."""
    return list(itertools.islice(redis.names_of(node, f"{prefix}user-"), 3000))


def names_away_from(
    redis: RedisCluster, node: RedisServer, prefix: str, integration: Integration, *keys: str
) -> list[str]:
    """Ids of users of whom this node stores nothing; an integration's own record may be on another node."""
    second = f"user-integration {reference(integration.client_id)}: "
    return [
        name
        for name in names_on(
            redis, redis.without_replica if node is redis.with_replica else redis.with_replica, prefix
        )
        if all(redis.owner(f"{prefix}{key}{name}") is not node for key in (second, *keys))
    ]


def some_prefix(fits: Callable[[str], bool]) -> str:
    """A key prefix for which a condition holds."""
    return next(prefix for prefix in map("{}:".format, itertools.count()) if fits(prefix))


def lose_answers(client: Any, key: str) -> None:
    """Make the node of a key run the next command without an answer."""
    node = client.get_redis_connection(client.get_node_from_key(key))
    connection = get_connection(node, "CLIENT")
    connection.send_command("CLIENT", "REPLY", "OFF")
    node.connection_pool.release(connection)


@pytest.mark.holds(32)
class TestFailover(OnServers):
    @pytest.mark.parametrize("how", ["killed", "paused"])
    def test_calls_for_other_slots_succeed_and_those_for_its_own_end_in_time(
        self, redis: RedisCluster, make: MakeManager, integration: Integration, how: str
    ) -> None:
        victim, replica = redis.with_replica, redis.replica
        prefix = some_prefix(lambda prefix: redis.owner(f"{prefix}users") is not victim)
        managers = [make(key_prefix=prefix) for _ in range(4)]
        own, others = names_on(redis, victim, prefix), names_away_from(redis, victim, prefix, integration)
        with (
            writing(managers[:2], lambda number: own[number::2]) as results,
            writing(managers[2:], lambda number: others[number::2]) as elsewhere,
        ):
            results.wait_for_more()
            elsewhere.wait_for_more()
            confirmed = list(results.acknowledged)
            assert redis.replicated()
            fail(victim, how)
            took = redis.promoted(replica)
            results.wait_for_more()
        print(f"{how}: promoted after {took:.1f} s; {results}; elsewhere: {elsewhere}")
        assert results.unexpected == elsewhere.unexpected == []
        assert elsewhere.refused == []
        assert results.refused
        assert results.longest < LONGEST + LEEWAY
        for name in confirmed:
            assert managers[2].get_user_context(user_id=name) == context(name)

    def test_a_primary_without_a_replica_is_unreachable_until_it_is_back(
        self, redis: RedisCluster, make: MakeManager, integration: Integration
    ) -> None:
        victim = redis.without_replica
        prefix = some_prefix(lambda prefix: redis.owner(f"{prefix}users") is not victim)
        manager = make(key_prefix=prefix)
        own, other = (
            names_on(redis, victim, prefix)[0],
            names_away_from(redis, victim, prefix, integration)[0],
        )
        for name in (own, other):
            manager.set_user_context(user_id=name, user_context=context(name))
        fail(victim, "killed")
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                manager.get_user_context(user_id=own)
            assert manager.get_user_context(user_id=other) == context(other)
        redis.heal()
        assert manager.get_user_context(user_id=own) == context(own)

    def test_a_logout_and_a_refresh_do_not_need_the_node_of_the_index(
        self, redis: RedisCluster, make: MakeManager, client: Any, integration: Integration
    ) -> None:
        victim = redis.without_replica
        prefix = some_prefix(lambda prefix: redis.owner(f"{prefix}users") is victim)
        name = names_away_from(redis, victim, prefix, integration, "refresh-")[0]
        manager = make(key_prefix=prefix)
        manager.set_user_context(user_id=name, user_context=context(name))
        fail(victim, "killed")
        with Leases(flow_store(client, prefix)).hold(f"refresh-{name}") as lease:
            assert lease
        assert not client.exists(f"{prefix}refresh-{name}")
        assert manager.contexts.replace(context(name), context(name, "new"))
        manager.set_user_context(user_id=name, user_context=None)
        assert manager.get_user_context(user_id=name) is None

    def test_a_logout_deletes_the_record_that_can_be_reached(
        self, redis: RedisCluster, make: MakeManager, integration: Integration
    ) -> None:
        victim = redis.without_replica
        second = f"user-integration {reference(integration.client_id)}: "
        for name in names_on(redis, redis.with_replica, ""):
            if redis.owner(second + name) is victim:
                break
        manager = make()
        manager.set_user_context(user_id=name, user_context=context(name))
        fail(victim, "killed")
        with pytest.raises(StoreUnavailable):
            manager.set_user_context(user_id=name, user_context=None)
        redis.heal()
        assert manager.get_user_context(user_id=name) is None

    def test_what_gets_no_answer_is_not_sent_again(
        self, make: MakeManager, client: Any, redis: RedisCluster
    ) -> None:
        """redis-py's own pipeline sends it again: a login would count as used."""
        manager = make(key_prefix="{bot}:")
        manager.flow_maintenance()  # or it would run in the background, and use another connection
        flow_id, flows = manager.start_flow(user_id="alice"), flow_store(client, "{bot}:")
        lose_answers(client, "{bot}")
        with pytest.raises(StoreUnavailable, match="in time"):
            flows.swap("key", None, "1", 60.0)
        assert not flows.swap("key", None, "2", 60.0)
        lose_answers(client, "{bot}")
        told = manager.process_redirect(flow_id=flow_id, code="code")
        assert told == sentence_of(TEXTS.page_store_down)

    def test_all_nodes_down_and_up_again(self, redis: RedisCluster, make: MakeManager) -> None:
        manager, names = make(), [f"name {number}" for number in range(20)]
        for name in names:
            manager.set_user_context(user_id=name, user_context=context(name))
        assert redis.replicated()
        for node in redis.nodes:
            fail(node, "killed")
        for name in names:
            with pytest.raises(StoreUnavailable, match="reached"):
                manager.get_user_context(user_id=name)
        redis.heal()
        for name in names:
            assert manager.get_user_context(user_id=name) == context(name)
        assert manager.start_flow(user_id="alice")

    def test_a_slot_that_moves_while_it_is_used(self, redis: RedisCluster, make: MakeManager) -> None:
        manager, names = make(key_prefix="{bot}:"), [f"name {number}" for number in range(20)]
        for name in names:
            manager.set_user_context(user_id=name, user_context=context(name))
        source = redis.owner("{bot}:")
        target = next(node for node in redis.primaries if node is not source)
        refused: list[str] = []
        for state in redis.move_slot(key_slot(b"bot"), source, target):
            for name in names:
                assert manager.get_user_context(user_id=name) == context(name), state
            manager.set_user_context(user_id="new", user_context=context("new"))
            assert manager.contexts.replace(context("new"), None), state
            try:  # what has several keys waits for the end of the move
                flow = manager.start_flow(user_id="name 0")
            except StoreUnavailable as error:
                assert "is moving" in str(error)  # noqa: PT017
                refused.append(state)
            else:
                assert manager.desks.change("name 0", functools.partial(use, flow_id=flow)), state
        assert refused
        assert state not in refused
        assert redis.owner("{bot}:") is target
