"""What code costs, in numbers that are the same on every machine; benchmarks/ measures the times."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import redis
from support.counting import commands, fsyncs, http_calls, round_trips
from support.makers import Make
from support.waiting import wait_until
from webex_bot.models.command import Command
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import RedisTokenManager, TokenManager, UserContext, YAMLTokenManager, requires_user_token
from webex_bot_auth.logins.records import Records
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back


@requires_user_token
class Echo(Command):
    def __init__(self, **options: Any) -> None:
        super().__init__(command_keyword="echo", **options)

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return message


@pytest.fixture
def manager(redis_manager: Make, cloud: Sandbox, integration: Integration) -> Iterator[RedisTokenManager]:
    with redis_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
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

    def test_storing_a_context_is_one_round_trip_replacing_it_three_and_clearing_it_two(
        self, manager: RedisTokenManager
    ) -> None:
        """What other integrations have in the record is read before a part of it is replaced or cleared."""
        for stored, cost in ((context("alice"), 1), (context("alice"), 3), (None, 2)):
            with round_trips() as counted:
                manager.set_user_context(user_id="alice", user_context=stored)
            assert counted.total() == cost

    def test_a_whole_login_is_four_round_trips_and_the_next_one_six(
        self, manager: RedisTokenManager, cloud: Sandbox, integration: Integration, alice: Person
    ) -> None:
        for cost in (4, 6):
            with round_trips() as starting:
                flow_id = manager.start_flow(user_id=alice.id)
            assert starting.total() == 1
            answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
            with round_trips() as ending:
                manager.process_redirect(**answer)
            assert starting.total() + ending.total() <= cost
            assert manager.get_user_context(user_id=alice.id)

    def test_starting_a_flow_costs_the_same_with_thousands_under_way(
        self, manager: RedisTokenManager, client: redis.Redis
    ) -> None:
        asked = []
        for number in range(3001):
            if number % 1500:
                manager.start_flow(user_id=f"user {number}")
                continue
            with commands(client) as counted, round_trips() as trips:
                manager.start_flow(user_id=f"user {number}")
            asked.append(counted)
            assert trips.total() == 1
        assert asked[0].total() >= asked[1].total() == asked[2].total()

    def test_maintenance_works_in_steps(self, manager: RedisTokenManager, client: redis.Redis) -> None:
        """Few round trips, and none of them has so much to do that other clients wait for long."""
        client.sadd("flows", *people(20_000))
        with round_trips() as counted:
            manager.flow_maintenance(force=True)
        assert not client.exists("flows")
        assert 100 < counted.total() < 200  # three for each 500 ids

    @pytest.mark.parametrize(("of", "most"), [("start_flow", 700), ("url", 760), ("user", 1100)])
    def test_memory(self, manager: RedisTokenManager, client: redis.Redis, of: str, most: int) -> None:
        before = client.info("memory")["used_memory"]
        for user_id in people(3000):
            if of == "user":
                manager.set_user_context(user_id=user_id, user_context=context(user_id))
            elif of == "url":
                manager.login.url(user_id)
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
        wait_until(lambda: set(client.scan_iter()) == {b"flow-maintenance"}, "no other key is left")
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
