"""What code costs, in numbers that are the same on every machine; benchmarks/ measures the times."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import redis
from flask import Flask
from support.counting import commands, fsyncs, http_calls, looks, round_trips, sent
from support.makers import Make
from support.waiting import wait_until
from support.whoami import Whoami
from webex_bot.models.command import Command
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext, YAMLTokenManager, requires_user_token
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import Outcome, reference
from webex_bot_auth.sandbox import Person, Sandbox, open_url
from webex_bot_auth.stores.redis import scripts
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.contract.resuming import waiting
from webex_bot_auth.testing.redirects import came_back, log_in


@requires_user_token
class Echo(Command):
    def __init__(self, **options: Any) -> None:
        super().__init__(command_keyword="echo", **options)

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return message


@pytest.fixture
def bot_token(cloud: Sandbox) -> str:
    return cloud.add_bot("Echo Bot").token


@pytest.fixture
def manager(redis_manager: Make, bot_token: str, integration: Integration) -> Iterator[RedisTokenManager]:
    with redis_manager(bot_token, integration) as manager:
        assert isinstance(manager, RedisTokenManager)
        manager.flow_maintenance()  # connects; otherwise it would run in the background later
        yield manager


def context(user_id: str) -> UserContext:
    """A context with tokens as long as real ones."""
    now = datetime.now(timezone.utc)
    return UserContext(
        user_id=user_id,
        tokens=Tokens(
            access_token=secrets.token_hex(52), expires_at=now + timedelta(days=14), expires_in=1209599,
            refresh_token=secrets.token_hex(52), refresh_token_expires_at=now + timedelta(days=90),
            refresh_token_expires_in=7775999, token_type="Bearer", scope="spark:people_read spark:rooms_read",
        ),
    )  # fmt: skip


def echo(manager: TokenManager, user_id: str) -> str:
    action = SimpleNamespace(personId=user_id, id="message")
    answer: str = Echo(token_manager=manager).execute("hello", action, {"target": {"tags": ["ONE_ON_ONE"]}})
    return answer


def people(count: int) -> list[str]:
    return [f"{number:079d}" for number in range(count)]


class TestRedis:
    def test_a_guarded_command_is_one_command_and_no_http_call(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        with commands(client) as asked, http_calls() as called:
            assert echo(manager, "alice") == "hello"
        assert asked == {"get": 1}
        assert not called

    def test_storing_a_context_is_six_round_trips_replacing_it_four_and_clearing_it_six(
        self, manager: RedisTokenManager
    ) -> None:
        """The record of another integration is looked for, and the index of users kept."""
        for stored, cost in ((context("alice"), 6), (context("alice"), 4), (None, 6)):
            with sent() as round_trips:
                manager.set_user_context(user_id="alice", user_context=stored)
            assert len(round_trips) == cost, round_trips

    def test_a_whole_login_is_19_round_trips_with_all_that_comes_after_the_page(
        self,
        redis_manager: Make,
        client: redis.Redis,
        cloud: Sandbox,
        integration: Integration,
        alice: Person,
        bot_token: str,
    ) -> None:
        with redis_manager(bot_token, integration) as manager:
            manager.flow_maintenance()
            with commands(client) as started, sent() as starting:
                flow_id = manager.start_flow(user_id=alice.id)
        answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
        with (
            commands(client) as ended,
            sent() as ending,
            redis_manager(bot_token, integration) as manager,  # when it is closed, all was said
        ):
            assert manager.process_redirect(**answer).outcome is Outcome.DONE
        assert (len(starting), len(ending)) == (4, 15)
        assert started.total() + ended.total() < 60

    def test_a_login_by_a_card_with_a_command_that_waits_is_28_round_trips(
        self, redis_manager: Make, cloud: Sandbox, integration: Integration, alice: Person, bot_token: str
    ) -> None:
        with sent() as starting, redis_manager(bot_token, integration) as manager:
            manager.asking.ask(alice.id, command=waiting(alice.id))
        (url,) = [open_url(message.card) for message in cloud.messages() if message.card]
        answer = came_back(cloud, url, alice)
        with sent() as ending, redis_manager(bot_token, integration) as manager:
            assert manager.process_redirect(**answer).outcome is Outcome.DONE
        assert (len(starting), len(ending)) == (11, 17)

    def test_an_event_costs_two_commands_more_than_the_guards_look_up(
        self, webex_sandbox: WebexSandbox, redis_manager: Make
    ) -> None:
        bot, alice = webex_sandbox.run(Whoami, manager=redis_manager), webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        for _ in range(2):  # the end of the login may have been under way at the first time
            with sent() as round_trips:
                assert bot.ask(alice, "whoami").text == "You are Alice Adams"
                wait_until(lambda: '"is_done":true' in str(round_trips[-1:]), "it is noted as handled")
        assert [one.words[:2] for one in round_trips] == [
            ("EVAL", scripts.SWAP),
            ("GET", f"user-{alice.id}"),
            ("EVAL", scripts.SWAP),
        ]

    def test_an_idle_bot_asks_at_most_five_times_a_second(
        self, webex_sandbox: WebexSandbox, redis_manager: Make
    ) -> None:
        webex_sandbox.run(Whoami, manager=redis_manager)
        with looks() as asked:
            wait_until(lambda: len(asked) > 10, "it looks")
        assert all(scripts.DUE in one.words for one in asked)
        assert asked[10].at - asked[0].at >= 10 / 5 * 0.99  # a busy machine takes longer

    def test_a_process_that_only_serves_redirects_does_not_look(
        self, redis_manager: Make, cloud: Sandbox, integration: Integration, alice: Person
    ) -> None:
        bot_token = cloud.add_bot("Echo Bot").token
        others = set(threading.enumerate())  # of an earlier test in this process

        def names() -> set[str]:
            return {thread.name for thread in threading.enumerate() if thread not in others}

        with redis_manager(bot_token, integration) as manager:
            manager.register_redirect(flask=Flask("web"))
            log_in(cloud, manager, alice)
            assert "webex_bot_auth-agenda" not in names()
            manager.request_login(user_id=alice.id)  # from now on, its card has to go
            assert "webex_bot_auth-agenda" in names()

    def test_starting_a_flow_costs_the_same_with_thousands_under_way(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        asked = []
        for number in range(3001):
            if number % 1500:
                manager.start_flow(user_id=f"user {number}")
                continue
            with commands(client) as counted, sent() as round_trips:
                manager.start_flow(user_id=f"user {number}")
            asked.append(counted)
            assert len(round_trips) == 4
        assert asked[0].total() >= asked[1].total() == asked[2].total()

    def test_maintenance_works_in_steps(
        self, manager: RedisTokenManager, client: redis.Redis, bot_token: str
    ) -> None:
        """Few round trips, and none of them has so much to do that other clients wait for long."""
        client.sadd("flows", *(f"{one}{reference(bot_token)}" for one in people(20_000)))
        with round_trips() as counted:
            manager.flow_maintenance(force=True)
        assert not client.exists("flows")
        assert 100 < counted.total() < 200  # three for each 500 ids

    @pytest.mark.parametrize(("of", "most"), [("start_flow", 1080), ("url", 1130), ("user", 1100)])
    def test_memory(self, manager: RedisTokenManager, client: redis.Redis, of: str, most: int) -> None:
        before = client.info("memory")["used_memory"]
        for user_id in people(3000):
            if of == "user":
                manager.set_user_context(user_id=user_id, user_context=context(user_id))
            elif of == "url":
                manager.asking.url(user_id)
            else:
                manager.start_flow(user_id=user_id)
        assert (client.info("memory")["used_memory"] - before) / 3000 < most

    def test_nothing_of_a_login_stays(
        self,
        redis_manager: Make,
        cloud: Sandbox,
        integration: Integration,
        client: redis.Redis,
        alice: Person,
    ) -> None:
        bot_token = cloud.add_bot("Echo Bot").token
        with redis_manager(bot_token, integration, flow_lifetime=timedelta(seconds=5)) as manager:
            for user_id in people(200):
                manager.start_flow(user_id=user_id)
            manager.request_login(user_id=alice.id)
            wait_until(lambda: not any(one.card for one in cloud.messages()), "the login card is gone")
            wait_until(lambda: set(client.scan_iter()) == {b"flow-maintenance", b"flows"}, "all is tidied")
            manager.flow_maintenance(force=True)
        assert set(client.scan_iter()) == {b"flow-maintenance"}
        assert 0 < client.ttl("flow-maintenance") <= 15 * 60


class TestYAML:
    @pytest.fixture
    def file(self, tmp_path: Path, integration: Integration) -> Iterator[YAMLTokenManager]:
        with YAMLTokenManager("token", integration, yml_base=str(tmp_path / "many")) as manager:
            for user_id in people(50):
                manager.set_user_context(user_id=user_id, user_context=context(user_id))
            yield manager

    def test_a_guarded_command_asks_once_whether_the_file_has_changed(self, file: YAMLTokenManager) -> None:
        [user_id] = people(1)
        echo(file, user_id)
        with (
            mock.patch.object(os, "open", side_effect=AssertionError("the file was read")),
            mock.patch.object(os, "lstat", wraps=os.lstat) as looked,
        ):
            assert echo(file, user_id) == "hello"
        assert looked.call_count == 1

    def test_storing_a_context_writes_the_file_once(self, file: YAMLTokenManager) -> None:
        with fsyncs() as counted:
            file.set_user_context(user_id="alice", user_context=context("alice"))
        assert counted.total() == 2  # the file, and its folder for the new name

    def test_after_a_start_only_the_record_that_is_asked_for_is_parsed(
        self, file: YAMLTokenManager, integration: Integration
    ) -> None:
        with (
            mock.patch("yaml.load", side_effect=AssertionError("all was parsed")),
            mock.patch.object(Records, "load", autospec=True, side_effect=Records.load) as parsed,
            YAMLTokenManager("token", integration, yml_base=file.path.removesuffix(".yml")) as started,
        ):
            assert started.get_user_context(user_id=people(50)[-1])
        assert parsed.call_count == 1
