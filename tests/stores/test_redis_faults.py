"""A Redis server that is down, silent, read-only, or loses an answer."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from support.cutting import cutting
from support.makers import Make
from support.redis_server import RedisServer
from support.redis_stores import BOT, events_of
from support.tls import tls_in_front_of
from support.waiting import wait_until
from support.wording import TEXTS, sentence_of
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager
from webex_bot_auth.errors import StoreError, StoreUnavailable, StoreUnreadable
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.contract.resuming import released, waiting
from webex_bot_auth.testing.redirects import came_back, log_in
from webex_bot_auth.testing.sample_contexts import context


@pytest.mark.holds(32)
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
            lambda: manager.contexts.replace(alice, None),
            lambda: manager.start_flow(user_id="alice"),
            lambda: manager.flow_maintenance(),
            lambda: manager.desks.read("alice"),
            lambda: manager.logout(user_id="alice"),
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

    def test_it_answers_nothing_for_a_time(self, own_server: RedisServer, integration: Integration) -> None:
        short = f"{own_server.url}?socket_timeout=0.5&socket_connect_timeout=0.5"  # for each of many calls
        with (
            RedisTokenManager("token", integration, redis_url=own_server.url) as patient,
            RedisTokenManager("token", integration, redis_url=short) as manager,
        ):
            assert patient.get_user_context(user_id="alice") is None
            own_server.pause()
            self.fails(manager, "does not answer in time")
            own_server.resume()
            assert patient.get_user_context(user_id="alice") is None

    def test_a_read_only_replica(self, own_server: RedisServer, manager: RedisTokenManager) -> None:
        own_server.client.replicaof("127.0.0.1", "1")
        own_server.client.config_set("replica-serve-stale-data", "yes")
        assert manager.get_user_context(user_id="alice") is None
        with pytest.raises(StoreUnavailable, match=r"READONLY|ReadOnly"):
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

    def test_after_a_lost_answer_nothing_is_done_twice(
        self, own_server: RedisServer, cloud: Sandbox, integration: Integration
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        with cutting(own_server.port) as cutter:
            url = f"redis://127.0.0.1:{cutter.port}"
            with RedisTokenManager(cloud.add_bot("Echo").token, integration, redis_url=url) as manager:
                events = events_of(manager)
                cutter.word = b"event-event"
                assert events.claim("event", alice.id)  # running a command twice is better than never
                events.end("event", alice.id)
                assert not events_of(manager).claim("event", alice.id)
                answer = came_back(cloud, manager.asking.url(alice.id), alice)
                cutter.word = b'"state":"ending"'
                told = manager.process_redirect(**answer)
                assert told == sentence_of(TEXTS.page_store_down)  # and not that of a link that has been used
                assert cloud.calls.exchanges() == []
                manager.asking.ask(alice.id, command=waiting(alice.id))
                answer = came_back(cloud, manager.asking.url(alice.id), alice)
                cutter.word = b'"released":[{'
                assert manager.process_redirect(**answer) == sentence_of(TEXTS.page_done)
                wait_until(lambda: cutter.word is None, "the answer is lost")
                assert released(manager, alice.id) == ["echo"]
                assert manager.get_user_context(user_id=alice.id)

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
                patient = (
                    "socket_connect_timeout=30&socket_timeout=30"  # the handshake is work for both sides
                )
                url = f"rediss://{host}:{port}/0?{patient}&{query}"
                with RedisTokenManager("token", integration, redis_url=url) as manager:
                    if works:
                        assert manager.get_user_context(user_id="alice") is None
                    else:
                        with pytest.raises(StoreUnavailable, match="certificate"):
                            manager.get_user_context(user_id="alice")

    def test_a_record_that_is_malformed(self, own_server: RedisServer, manager: RedisTokenManager) -> None:
        for raw in (b"{broken", b"[]", b"{}", b"\xff", b'{"user_id": "bob", "tokens": {}}'):
            own_server.client.set("user-alice", raw)
            with pytest.raises(StoreUnreadable, match=r"user-\*, user alice"):
                manager.get_user_context(user_id="alice")
            assert own_server.client.get("user-alice") == raw
        own_server.client.delete("user-alice")
        own_server.client.lpush("user-alice", "a list")
        with pytest.raises(StoreError, match="WRONGTYPE"):
            manager.get_user_context(user_id="alice")


@pytest.mark.holds(17)
def test_an_error_about_a_write_shows_no_secret(
    client: redis.Redis, integration: Integration, redis_manager: Make
) -> None:
    """Some errors of redis-py quote the command that failed."""
    secret = secrets.token_hex()  # random, as a traceback quotes lines of source
    someone = context("alice", access_token=secret)
    with redis_manager("token", integration) as manager:
        for key in ("user-alice", f"bot-{BOT}-desk-alice"):
            client.lpush(key, "of another application")
        for write in (
            lambda: manager.set_user_context(user_id="alice", user_context=someone),
            lambda: manager.asking.url("alice"),
            lambda: manager.desks.flows.swap("desk-alice", None, secret, 60.0),
            lambda: manager.contexts.replace(someone, context("alice", access_token=f"{secret} again")),
        ):
            with pytest.raises(StoreUnavailable, match="WRONGTYPE") as raised:
                write()
            shown = "".join(traceback.format_exception(raised.value))
            assert secret not in shown
            assert "SET flows-" not in shown
            assert '"verifier"' not in shown


def test_a_logout_works_where_a_full_server_stores_nothing(
    own_server: RedisServer, cloud: Sandbox, integration: Integration
) -> None:
    """Redis refuses each command that stores, and lets those pass that delete (``noeviction``)."""
    alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    client = own_server.client
    with RedisTokenManager(cloud.add_bot("Echo").token, integration, redis_url=own_server.url) as manager:
        for person in (alice, bob):
            manager.asking.ask(person.id, command=waiting(person.id))
        log_in(cloud, manager, alice)
        manager.asking.ask(alice.id, command=waiting(alice.id, "later"))
        answer = came_back(cloud, manager.asking.url(alice.id), alice)
        assert released(manager, alice.id) == ["echo"]
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("anything", "at all")
        assert manager.logout(user_id=alice.id) is not None
        assert manager.get_user_context(user_id=alice.id) is None
        assert not client.exists(f"user-{alice.id}")
        assert client.smembers("users") == set()
        desk = manager.desks.read(alice.id).desk
        assert (desk.flows, desk.waiting, desk.released) == ((), (), ())
        assert manager.desks.read(bob.id).desk.waiting
        told = manager.process_redirect(**answer)
        assert told == sentence_of(TEXTS.page_no_such_flow)
        with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM"):
            manager.set_user_context(user_id="carol", user_context=context("carol"))
