"""The contract that every backend passes, with and without encryption."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.contexts import context
from support.login import came_back, log_in
from support.makers import Make, MakeManager
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.user_context.models import InterruptedCommand
from webex_bot_auth.user_context.pending import MOST_FLOWS


def interrupted(user_id: str, words: str = "echo") -> InterruptedCommand:
    return InterruptedCommand(
        user_id=user_id, kind="message", id="m", words=words, activity={"id": "a", "deep": {"x": ["é", None]}}
    )


class TestContexts:
    def test_what_is_stored_is_read_here_and_by_others(self, make_manager: MakeManager) -> None:
        one, other = make_manager(), make_manager()
        assert other.get_user_context(user_id="alice") is None
        stored = context("alice", scope="spark:people_read")
        one.set_user_context(user_id="alice", user_context=stored)
        for manager in (one, other, make_manager()):
            assert manager.get_user_context(user_id="alice") == stored
            assert manager.get_user_context(user_id="bob") is None

    def test_none_clears_one_user_and_no_other(self, make_manager: MakeManager) -> None:
        one, other = make_manager(), make_manager()
        for user_id in ("alice", "bob"):
            one.set_user_context(user_id=user_id, user_context=context(user_id))
        other.set_user_context(user_id="alice", user_context=None)
        assert one.get_user_context(user_id="alice") is None
        assert one.get_user_context(user_id="bob") == context("bob")
        one.set_user_context(user_id="nobody", user_context=None)

    def test_what_is_read_is_the_readers_own(self, manager: TokenManager) -> None:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        mine = manager.get_user_context(user_id="alice")
        assert mine
        mine.tokens.access_token = "changed"
        assert manager.get_user_context(user_id="alice") == context("alice")

    @pytest.mark.holds(35)
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
    def test_user_ids_survive_a_round_trip(self, make_manager: MakeManager, user_id: str) -> None:
        one, other = make_manager(), make_manager()
        one.set_user_context(user_id=user_id, user_context=context(user_id))
        assert other.get_user_context(user_id=user_id) == context(user_id)
        other.set_user_context(user_id=user_id, user_context=None)
        assert one.get_user_context(user_id=user_id) is None
        one.close()
        other.close()

    @pytest.mark.holds(35)
    @pytest.mark.parametrize(
        "user_id",
        ["'", '"', "a: b", "- a", "# a", "a\nb", "\r", "\x00", "\x7f", "\x85\u2028\ufeff", "*", "user-*",
         "{a}", "[", "%", "&a", "!!python/object:os.system", "~", "null", "true", "1", "é🎉",
         "\\u0041", "x" * 3000],
    )  # fmt: skip
    def test_difficult_user_ids_survive_a_round_trip(self, make_manager: MakeManager, user_id: str) -> None:
        one, other = make_manager(), make_manager()
        one.set_user_context(user_id="before", user_context=context("before"))
        one.set_user_context(user_id=user_id, user_context=context(user_id))
        assert other.get_user_context(user_id=user_id) == context(user_id)
        assert other.get_user_context(user_id="before") == context("before")

    def test_replace_stores_only_where_the_old_one_still_stands(self, make_manager: MakeManager) -> None:
        manager, other = make_manager(), make_manager()
        old, new = context("alice", "old"), context("alice", "new")
        assert not manager.replace(old, new)
        manager.set_user_context(user_id="alice", user_context=old)
        assert manager.replace(old, new)
        assert other.get_user_context(user_id="alice") == new
        assert not other.replace(old, None)
        assert other.replace(new, None)
        assert manager.get_user_context(user_id="alice") is None

    def test_of_many_who_replace_at_once_one_does(self, make_manager: MakeManager) -> None:
        managers = [make_manager() for _ in range(4)]
        old = context("alice", "old")
        managers[0].set_user_context(user_id="alice", user_context=old)
        start = threading.Barrier(20)

        def replace(number: int) -> bool:
            start.wait()
            return managers[number % 4].replace(old, context("alice", f"new {number}"))

        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(replace, range(20)))
        assert done.count(True) == 1
        assert managers[0].get_user_context(user_id="alice") == context("alice", f"new {done.index(True)}")

    def test_writers_beside_each_other_lose_nobody(self, make_manager: MakeManager) -> None:
        managers = [make_manager() for _ in range(3)]

        def store(number: int) -> None:
            user_id = f"user {number}"
            managers[number % 3].set_user_context(user_id=user_id, user_context=context(user_id))

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(store, range(60)))
        for number in range(60):
            assert managers[0].get_user_context(user_id=f"user {number}") == context(f"user {number}")


class TestFlows:
    @pytest.mark.holds(1)
    def test_flow_ids_are_long_and_distinct(self, manager: TokenManager) -> None:
        ids = {manager.start_flow(user_id=f"user {number % 50}") for number in range(10_000)}
        assert len(ids) == 10_000
        assert min(map(len, ids)) >= 43  # 256 bits in base64

    def test_a_flow_is_for_another_process_too(
        self, make_manager: MakeManager, cloud: Sandbox, integration: Integration
    ) -> None:
        """The caller may build the address, as the specification's users do."""
        manager, alice = make_manager(), cloud.add_person("Alice Adams")
        flow_id = manager.start_flow(user_id=alice.id)
        answer = came_back(cloud, integration.auth_url(state=flow_id), alice)
        assert answer["flow_id"] == flow_id
        assert manager.process_redirect(**answer) == "The bot can now act for you."
        stored = manager.get_user_context(user_id=alice.id)
        assert stored
        assert stored.tokens.scope == "spark:people_read spark:rooms_read spark:messages_read"

    @pytest.mark.holds(2)
    def test_of_20_parallel_redirects_one_exchanges_the_code(
        self, make_manager: MakeManager, cloud: Sandbox
    ) -> None:
        manager, alice = make_manager(), cloud.add_person("Alice Adams")
        answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
        start = threading.Barrier(20)

        def redirect(_: int) -> str:
            start.wait()
            return manager.process_redirect(**answer)

        with ThreadPoolExecutor(20) as pool:
            texts = list(pool.map(redirect, range(20)))
        assert len(cloud.calls.exchanges()) == 1
        assert texts.count("The bot can now act for you.") == 1
        assert texts.count("A login link works once, and this one was used already.") == 19

    @pytest.mark.holds(3)
    def test_an_expired_flow_makes_no_call_and_stores_nothing(
        self, make_manager: MakeManager, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        manager = make_manager(flow_lifetime=timedelta(milliseconds=1))
        alice = cloud.add_person("Alice Adams")
        answer = came_back(cloud, manager.login_url(user_id=alice.id), alice)
        cloud.calls.clear()
        assert "has expired" in manager.process_redirect(**answer)
        assert list(cloud.calls) == []
        assert manager.get_user_context(user_id=alice.id) is None

    @pytest.mark.holds(4)
    @pytest.mark.parametrize("flow_id", ["", "unknown", "used", "*", "x" * 5000, "a\x00b", "é"])
    def test_an_unknown_flow_makes_no_call_and_no_message(
        self, make_manager: MakeManager, cloud: Sandbox, flow_id: str
    ) -> None:
        manager = make_manager()
        manager.start_flow(user_id=cloud.add_person("Alice Adams").id)
        cloud.calls.clear()
        assert "never valid" in manager.process_redirect(flow_id=flow_id, code="code")
        assert "never valid" in manager.refuse_redirect(flow_id=flow_id, error="access_denied")
        assert list(cloud.calls) == []

    @pytest.mark.holds(11)
    def test_a_users_oldest_flows_go_first(self, make_manager: MakeManager, cloud: Sandbox) -> None:
        manager, alice = make_manager(), cloud.add_person("Alice Adams")
        urls = [manager.login_url(user_id=alice.id) for _ in range(MOST_FLOWS + 1)]
        assert "never valid" in manager.process_redirect(flow_id=_state(urls[0]), code="code")
        assert manager.process_redirect(**came_back(cloud, urls[1], alice)) == "The bot can now act for you."
        assert manager.process_redirect(**came_back(cloud, urls[-1], alice)) == "The bot can now act for you."

    @pytest.mark.holds(6)
    def test_the_verifier_is_sent_with_the_code_and_not_before(
        self, manager: TokenManager, cloud: Sandbox
    ) -> None:
        alice = cloud.add_person("Alice Adams")
        urls = [manager.login_url(user_id=alice.id) for _ in range(2)]
        challenges = {parse_qs(urlsplit(url).query)["code_challenge"][0] for url in urls}
        assert len(challenges) == 2
        for url in urls:
            assert "verifier" not in url
            manager.process_redirect(**came_back(cloud, url, alice))
        verifiers = {call.form["code_verifier"] for call in cloud.calls.exchanges()}
        assert [call.status for call in cloud.calls.exchanges()] == [200, 200]  # the sandbox checks them
        assert len(verifiers) == 2


class TestInterruptedCommands:
    def test_it_is_released_once_by_the_login(self, make_manager: MakeManager, cloud: Sandbox) -> None:
        manager, alice = make_manager(), cloud.add_person("Alice Adams")
        command = interrupted(alice.id)
        manager.request_login(user_id=alice.id, interrupted=command)
        assert manager.next_released(timeout=0.01) is None
        log_in(cloud, manager, alice)
        assert manager.next_released(timeout=1) == command
        assert manager.next_released(timeout=0.01) is None
        log_in(cloud, manager, alice)
        assert manager.next_released(timeout=0.01) is None

    def test_the_latest_one_of_each_user_counts(self, make_manager: MakeManager, cloud: Sandbox) -> None:
        manager = make_manager()
        alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
        for user, words in ((alice, "first"), (bob, "his"), (alice, "second")):
            manager.request_login(user_id=user.id, interrupted=interrupted(user.id, words))
        log_in(cloud, manager, alice)
        released = manager.next_released(timeout=1)
        assert released
        assert released.words == "second"
        assert manager.next_released(timeout=0.01) is None


class TestEvents:
    def test_an_event_is_new_once(self, manager: TokenManager) -> None:
        assert [manager.first_time(event) for event in ("a", "b", "a", "b", "c")] == [
            True,
            True,
            False,
            False,
            True,
        ]


@pytest.mark.holds(33)
def test_after_a_restart_redis_knows_what_was_handled(redis_manager: Make, integration: Integration) -> None:
    with redis_manager("token", integration) as before:
        assert before.first_time("event")
    with redis_manager("token", integration) as after:
        assert not after.first_time("event")
        assert after.first_time("another")


def test_closing_twice_is_fine(make_manager: MakeManager) -> None:
    manager = make_manager()
    with manager as same:
        assert same is manager
    manager.close()


def _state(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def test_contexts_are_the_specifications(manager: TokenManager) -> None:
    assert UserContext.model_validate_json(context("alice").model_dump_json()) == context("alice")
