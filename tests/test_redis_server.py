"""What lies in Redis: names of keys, what earlier installations wrote, expiry, and a server that fails."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import redis
from support.cutting import cutting
from support.makers import Make
from support.processes import in_processes
from support.redis_server import RedisServer
from support.tls import tls_in_front_of
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import SettingError, StoreError, StoreUnavailable, StoreUnreadable
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.user_context.models import FlowState, InterruptedCommand
from webex_bot_auth.user_context.records import Records


@pytest.fixture
def client(redis_server: RedisServer, redis_url: str) -> redis.Redis:
    return redis_server.client


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


def test_contexts_lie_where_the_specification_says(manager: RedisTokenManager, client: redis.Redis) -> None:
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
        manager.first_time("event")
        assert [key for key in client.scan_iter() if not key.startswith(b"bot1:")] == []
        assert client.exists(f"bot1:user-{alice.id}")


def test_what_earlier_installations_wrote_is_read(manager: RedisTokenManager, client: redis.Redis) -> None:
    tokens = {"access_token": "old", "refresh_token": "older", "expires_at": "2031-01-01T00:00:00+00:00"}
    client.set("user-alice", json.dumps({"user_id": "alice", "tokens": tokens}))
    client.sadd("users", "alice")
    found = manager.get_user_context(user_id="alice")
    assert found
    assert found.tokens.refresh_token == "older"
    assert manager.get_user_context_and_refresh(user_id="alice") == found


@pytest.mark.holds(3)
def test_a_flow_that_an_earlier_installation_stored_works_until_it_is_too_old(
    manager: RedisTokenManager, client: redis.Redis, cloud: Sandbox, integration: Integration
) -> None:
    alice = cloud.add_person("Alice Adams")
    for flow_id, hours in (("young", 0), ("old", 48)):
        created = datetime.now(timezone.utc) - timedelta(hours=hours, seconds=1)
        client.set(f"flows-{flow_id}", json.dumps({"user_id": alice.id, "created": created.isoformat()}))
        client.sadd("flows", flow_id)
    cloud.calls.clear()
    assert "has expired" in manager.process_redirect(flow_id="old", code="code")
    assert list(cloud.calls) == []
    answer = came_back(cloud, integration.auth_url(state="young"), alice)
    assert manager.process_redirect(**answer) == "The bot can now act for you."
    assert client.smembers("flows") == set()


def _redirect_5_times(manager: RedisTokenManager, answer: dict[str, str]) -> list[str]:
    with ThreadPoolExecutor(5) as pool:
        return [str(text) for text in pool.map(lambda _: manager.process_redirect(**answer), range(5))]


@pytest.mark.holds(2)
def test_of_20_redirects_in_4_processes_one_exchanges_the_code(
    redis_manager: Make, redis_url: str, cloud: Sandbox, integration: Integration
) -> None:
    bot_token, alice = cloud.add_bot("Echo").token, cloud.add_person("Alice Adams")
    with redis_manager(bot_token, integration) as manager:
        answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
        answers = in_processes(
            4, _redirect_5_times, answer,
            bot_token=bot_token, integration=integration, redis_url=redis_url, rest_base=f"{cloud.url}/v1",
        )  # fmt: skip
        assert sorted(text for texts in answers for text in texts) == [
            *["A login link works once, and this one was used already."] * 19,
            "The bot can now act for you.",
        ]
        assert len(cloud.calls.exchanges()) == 1
        assert manager.get_user_context(user_id=alice.id)


def test_a_client_of_ones_own_is_used_and_left_open(integration: Integration, redis_url: str) -> None:
    for decode in (False, True):
        with redis.Redis.from_url(redis_url, decode_responses=decode) as client:
            with RedisTokenManager("token", integration, redis_client=client) as manager:
                manager.set_user_context(user_id="alice", user_context=context("alice"))
                flow_id = manager.start_flow(user_id="alice")
                assert manager.get_user_context(user_id="alice") == context("alice")
                assert manager.refuse_redirect(flow_id=flow_id, error="server_error")
                manager.flow_maintenance(force=True)
            assert client.ping()


def test_the_host_takes_precedence_over_the_url(integration: Integration) -> None:
    manager = RedisTokenManager("token", integration, "somewhere", "redis://elsewhere")
    assert manager._redis.connection_pool.connection_kwargs["host"] == "somewhere"
    manager.close()


@pytest.mark.parametrize("url", [None, "", "http://x", "redis//x", "redis://localhost:port"])
def test_a_missing_or_malformed_url_is_named(integration: Integration, url: str | None) -> None:
    with pytest.raises(SettingError, match="redis_url"):
        RedisTokenManager("token", integration, redis_url=url)


class TestExpiry:
    def test_everything_of_a_pending_login_expires(
        self, redis_manager: Make, integration: Integration, client: redis.Redis, cloud: Sandbox
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        with redis_manager(cloud.add_bot("Echo").token, integration) as manager:
            manager.request_login(user_id=alice.id)
            answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
            manager.process_redirect(**answer)
        forever = {key for key in client.scan_iter() if client.ttl(key) == -1}
        assert forever == {b"users", f"user-{alice.id}".encode()}

    @pytest.mark.holds(11)
    def test_1000_flows_of_a_user_leave_a_bounded_store(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        for _ in range(1000):
            manager.start_flow(user_id="alice")
        assert client.scard("flows") == 5
        assert len(client.keys("flows-*")) == 5
        [index] = client.keys("pending-*")
        assert [len(flows.split()) for flows in client.hvals(index)] == [5]


class TestMaintenance:
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
        client.sadd("flows", "gone")
        client.set("flow-maintenance", datetime.now(timezone.utc).isoformat())
        mine = manager.start_flow(user_id="alice")
        output = io.StringIO()
        manager.flow_maintenance(output=output)
        assert (client.scard("flows"), output.getvalue()) == (1203, "")
        manager.flow_maintenance(force=True, output=output)
        assert client.smembers("flows") == {b"young", mine.encode()}
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
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                event = events.get_message(timeout=1)
                if event and event["data"] == b"srem":
                    break
            events.close()
        assert client.exists("flows-old") == 0


@pytest.mark.holds(32)
@pytest.mark.usefixtures("impatient")
class TestServerFaults:
    @pytest.fixture
    def manager(self, own_server: RedisServer, integration: Integration) -> Iterator[RedisTokenManager]:
        with RedisTokenManager("token", integration, redis_url=own_server.url) as manager:
            yield manager

    @staticmethod
    def everything(manager: RedisTokenManager) -> list[Callable[[], Any]]:
        alice = context("alice")
        return [
            lambda: manager.get_user_context(user_id="alice"),
            lambda: manager.get_user_context_and_refresh(user_id="alice"),
            lambda: manager.set_user_context(user_id="alice", user_context=alice),
            lambda: manager.set_user_context(user_id="alice"),
            lambda: manager.replace(alice, None),
            lambda: manager.start_flow(user_id="alice"),
            lambda: manager.flow_maintenance(),
            lambda: manager.next_released(timeout=0.01),
            lambda: manager.exclusively("alice").__enter__(),
        ]

    def fails(self, manager: RedisTokenManager, reason: str) -> None:
        for act in self.everything(manager):
            with pytest.raises(StoreUnavailable, match=reason):
                act()

    def test_down_at_the_start_and_up_later(self, tmp_path: Path, integration: Integration) -> None:
        server = RedisServer(tmp_path)
        with RedisTokenManager("token", integration, redis_url=server.url) as manager:
            self.fails(manager, "cannot be reached")
            with server:
                manager.set_user_context(user_id="alice", user_context=context("alice"))
                assert manager.get_user_context(user_id="alice") == context("alice")

    def test_down_later_and_up_again_empty(self, own_server: RedisServer, manager: RedisTokenManager) -> None:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        own_server.stop()
        self.fails(manager, "cannot be reached")
        own_server.start()
        assert manager.get_user_context(user_id="alice") is None
        assert manager.start_flow(user_id="alice")

    def test_a_restart_between_two_commands_is_not_noticed(
        self, own_server: RedisServer, manager: RedisTokenManager
    ) -> None:
        manager.get_user_context(user_id="alice")
        own_server.stop()
        own_server.start()
        assert manager.get_user_context(user_id="alice") is None

    def test_it_answers_nothing_for_a_while(
        self, own_server: RedisServer, manager: RedisTokenManager
    ) -> None:
        manager.get_user_context(user_id="alice")
        own_server.pause()
        self.fails(manager, "does not answer in time")
        own_server.resume()
        assert manager.get_user_context(user_id="alice") is None

    def test_a_read_only_replica(self, own_server: RedisServer, manager: RedisTokenManager) -> None:
        own_server.client.replicaof("127.0.0.1", "1")
        own_server.client.config_set("replica-serve-stale-data", "yes")
        assert manager.get_user_context(user_id="alice") is None
        with pytest.raises(StoreUnavailable, match="ReadOnly"):
            manager.set_user_context(user_id="alice", user_context=context("alice"))
        own_server.client.replicaof("NO", "ONE")
        manager.set_user_context(user_id="alice", user_context=context("alice"))

    @pytest.mark.parametrize("password", ["", ":wrong@"])
    def test_a_missing_or_wrong_password(
        self, tmp_path: Path, integration: Integration, password: str
    ) -> None:
        with (
            RedisServer(tmp_path, requirepass="right") as server,
            RedisTokenManager(
                "token", integration, redis_url=f"redis://{password}127.0.0.1:{server.port}"
            ) as manager,
        ):
            self.fails(manager, "refuses the user name or password")

    def test_an_answer_that_gets_lost_does_nothing_twice(
        self, own_server: RedisServer, cloud: Sandbox, integration: Integration
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        with cutting(own_server.port) as cutter:
            url = f"redis://127.0.0.1:{cutter.port}"
            with RedisTokenManager(cloud.add_bot("Echo").token, integration, redis_url=url) as manager:
                cutter.word = b"NX"
                assert manager.first_time("event")  # rather twice than never
                answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
                cutter.word = b"XX"
                assert "cannot be reached" in manager.process_redirect(**answer)  # and not: has been used
                command = InterruptedCommand(
                    user_id=alice.id, kind="message", id="m", words="whoami", activity={}
                )
                cutter.word = b"RPUSH"
                with pytest.raises(StoreUnavailable):
                    manager._pending.release(command)
                assert manager.next_released(timeout=1) == command
                assert manager.next_released(timeout=0.01) is None
                cutter.word = b"refresh-"
                with pytest.raises(StoreUnavailable), manager.exclusively(alice.id):
                    pass

    @pytest.mark.holds(20)
    def test_rediss_checks_certificate_and_name_unless_the_url_says_otherwise(
        self, own_server: RedisServer, integration: Integration, tmp_path: Path
    ) -> None:
        with tls_in_front_of(own_server.port, tmp_path) as (port, certificate):
            trusted = f"ssl_ca_certs={certificate}"
            for query, host, works in (
                ("", "localhost", False),
                (trusted, "localhost", True),
                (trusted, "127.0.0.1", False),  # the certificate is for localhost
                ("ssl_cert_reqs=none&ssl_check_hostname=false", "127.0.0.1", True),
            ):
                url = f"rediss://{host}:{port}/0?{query}"
                with RedisTokenManager("token", integration, redis_url=url) as manager:
                    if works:
                        assert manager.get_user_context(user_id="alice") is None
                    else:
                        with pytest.raises(StoreUnavailable, match="certificate"):
                            manager.get_user_context(user_id="alice")

    def test_a_record_that_is_no_record(self, own_server: RedisServer, manager: RedisTokenManager) -> None:
        for raw in (b"{broken", b"[]", b"{}", b"\xff", b'{"user_id": "bob", "tokens": {}}'):
            own_server.client.set("user-alice", raw)
            with pytest.raises(StoreUnreadable, match="user-alice"):
                manager.get_user_context(user_id="alice")
            assert own_server.client.get("user-alice") == raw
        own_server.client.delete("user-alice")
        own_server.client.lpush("user-alice", "a list")
        with pytest.raises(StoreError, match="WRONGTYPE"):
            manager.get_user_context(user_id="alice")


class LoginMeanwhile:
    """A Redis client with which somebody logs in just before the pipeline that takes users off the list."""

    def __init__(self, client: redis.Redis, log_in: Callable[[], None]) -> None:
        self._client = client
        self._log_in = log_in

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def pipeline(self, **options: Any) -> Any:
        self._log_in()
        return self._client.pipeline(**options)


def test_who_logs_in_during_a_logout_is_on_the_list_of_users(
    redis_manager: Make, integration: Integration, client: redis.Redis
) -> None:
    old, new = context("alice", access_token="old"), context("alice", access_token="new")
    with redis_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=old)
        slow = LoginMeanwhile(client, lambda: manager.set_user_context(user_id="alice", user_context=new))
        with RedisTokenManager("token", integration, redis_client=slow) as other:
            assert other.replace(old, None)
        assert manager.get_user_context(user_id="alice") == new
        assert list(manager.users()) == ["alice"]  # type: ignore[attr-defined]


@pytest.mark.holds(17)
def test_no_secret_stands_in_an_error_about_a_pipeline(
    own_server: RedisServer, integration: Integration, redis_manager: Make
) -> None:
    """redis-py quotes the command that failed."""
    secret = secrets.token_hex()  # nothing that stands in a line of source
    url, someone = own_server.url, context("alice", access_token=secret)
    with RedisTokenManager("token", integration, redis_url=url) as manager:
        manager.set_user_context(user_id="alice", user_context=someone)
        own_server.client.config_set("maxmemory", 1)
        interrupted = InterruptedCommand(user_id="alice", kind="message", id="m", words=secret, activity={})
        for write in (
            lambda: manager.set_user_context(user_id="alice", user_context=someone),
            lambda: manager.login_url(user_id="alice"),
            lambda: manager._pending.count_ask("alice"),
            lambda: manager._pending.release(interrupted),
            lambda: manager.replace(someone, context("alice", access_token=f"{secret} anew")),
        ):
            with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM") as raised:
                write()
            shown = "".join(traceback.format_exception(raised.value))
            assert secret not in shown
            assert "SET flows-" not in shown
            assert '"verifier"' not in shown


def test_a_login_counts_where_the_list_of_users_fails(
    manager: RedisTokenManager, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    client.set("users", "no list")
    old, new = context("alice", access_token="old"), context("alice", access_token="new")
    manager.set_user_context(user_id="alice", user_context=old)
    assert manager.get_user_context(user_id="alice") == old
    assert "not yet on the list of users: user alice" in caplog.text
    client.delete("users")
    assert manager.replace(old, new)  # as a refresh does
    assert list(manager.users()) == ["alice"]


class TestListOfLoginsUnderWay:
    """Users share 256 hashes."""

    @staticmethod
    def who_share_one() -> tuple[str, str]:
        seen: dict[int, str] = {}
        for number in range(1000):
            place = hashlib.sha256(f"user {number}".encode()).digest()[0]
            if place in seen:
                return seen[place], f"user {number}"
            seen[place] = f"user {number}"
        raise AssertionError("1000 users in 256 places")

    def test_users_who_share_a_hash_keep_their_own(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        one, other = self.who_share_one()
        kept = manager.start_flow(user_id=one)
        for _ in range(10):
            manager.start_flow(user_id=other)
        assert len(client.keys("pending-*")) == 1
        assert client.exists(f"flows-{kept}")
        assert client.scard("flows") == 6

    def test_it_goes_with_its_first_flow_however_many_follow(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        manager.start_flow(user_id="alice")
        [index] = client.keys("pending-*")
        client.pexpire(index, 5_000)
        manager.start_flow(user_id="alice")
        assert 0 < client.pttl(index) <= 5_000


def test_a_record_is_parsed_once_and_forgotten_with_a_logout(manager: RedisTokenManager) -> None:
    manager.set_user_context(user_id="alice", user_context=context("alice"))
    with mock.patch.object(Records, "load", autospec=True, side_effect=Records.load) as parsed:
        first, second = (manager.get_user_context(user_id="alice") for _ in range(2))
        assert parsed.call_count == 1
    assert first == second
    assert first is not second
    for drop in (
        lambda: manager.set_user_context(user_id="alice"),
        lambda: manager.replace(context("alice"), None),
    ):
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        manager.get_user_context(user_id="alice")
        assert manager._users._parsed.cache_info().currsize == 1
        drop()
        assert manager._users._parsed.cache_info().currsize == 0


def test_a_login_does_not_fail_for_the_list_or_the_counter_beside_it(
    manager: RedisTokenManager, client: redis.Redis, redis_url: str, integration: Integration
) -> None:
    """As when another node of a cluster is down: what was taken would be lost."""
    flow_id = manager.start_flow(user_id="alice")
    command = InterruptedCommand(user_id="alice", kind="message", id="m", words="whoami", activity={})
    manager._pending.interrupt(command)
    client.set("flows", "no list")
    assert isinstance(manager._pending.take(flow_id), FlowState)
    client.acl_setuser(
        "narrow", enabled=True, nopass=True, commands=["+@all"], keys=["interrupted-*", "user-*"]
    )
    url = redis_url.replace("//", "//narrow:any@")
    with RedisTokenManager("token", integration, redis_url=url) as narrow:
        assert narrow._pending.take_interrupted("alice") == command
    client.acl_deluser("narrow")


def test_what_is_no_text_is_a_clear_error_also_where_the_client_decodes(
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
            list(manager.users())  # type: ignore[attr-defined]
    with RedisTokenManager("token", integration, redis_url=redis_url) as manager:
        assert "bob" in set(manager.users())


def test_an_old_flow_of_an_unknown_age_is_dropped(manager: RedisTokenManager, client: redis.Redis) -> None:
    client.set("flows-old", '{"user_id": "alice", "created": null}')
    client.sadd("flows", "old")
    mine = manager.start_flow(user_id="alice")
    manager.flow_maintenance(force=True)
    assert client.smembers("flows") == {mine.encode()}
    assert not client.exists("flows-old")
