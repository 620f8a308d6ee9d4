"""Logins under way: each flow works once, for its lifetime, and for nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from wxc_sdk.integration import Integration

from ...chat.texts import Texts
from ...logins.desk import MAX_PENDING_FLOWS
from ...models import Outcome
from ...user_context import StoredTokenManager
from ..redirects import came_back
from ..webex_sandbox import WebexSandbox

NewManager = Callable[..., StoredTokenManager]

DONE = Texts().page_done.sentence
USED = Texts().page_used.sentence
DONE_BEFORE = Texts().page_done_before.sentence


class LoginsContract:
    """Part of :class:`webex_bot_auth.testing.contract.TokenManagerContract`."""

    @pytest.mark.holds(1)
    def test_flow_ids_are_long_and_distinct(self, manager: StoredTokenManager) -> None:
        ids = {manager.desks.new_flow_id() for _ in range(10_000)}
        assert len(ids) == 10_000
        assert manager.start_flow(user_id="alice") != manager.start_flow(user_id="alice")
        assert min(map(len, ids)) >= 22  # 128 bits in base64

    def test_the_caller_may_build_the_address(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox, integration: Integration
    ) -> None:
        """As the specification's users do."""
        alice = webex_sandbox.add_person("Alice Adams")
        flow_id = manager.start_flow(user_id=alice.id)
        answer = came_back(webex_sandbox, integration.auth_url(state=flow_id), alice)
        assert answer["flow_id"] == flow_id
        assert manager.process_redirect(**answer) == DONE
        stored = manager.get_user_context(user_id=alice.id)
        assert stored
        assert stored.tokens.scope == " ".join(integration.scopes)

    @pytest.mark.holds(2)
    def test_of_20_parallel_redirects_one_exchanges_the_code(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        answer = came_back(webex_sandbox, manager.asking.url(alice.id), alice)
        start = threading.Barrier(20)

        def redirect(_: int) -> str:
            start.wait()
            return manager.process_redirect(**answer)

        with ThreadPoolExecutor(20) as pool:
            texts = list(pool.map(redirect, range(20)))
        assert len(webex_sandbox.calls.exchanges()) == 1
        assert texts.count(DONE) == 1
        assert texts.count(USED) + texts.count(DONE_BEFORE) == 19

    @pytest.mark.holds(3)
    def test_an_expired_flow_makes_no_call_and_stores_nothing(
        self, new_manager: NewManager, webex_sandbox: WebexSandbox
    ) -> None:
        manager = new_manager(flow_lifetime=timedelta(milliseconds=1))
        alice = webex_sandbox.add_person("Alice Adams")
        answer = came_back(webex_sandbox, manager.asking.url(alice.id), alice)
        webex_sandbox.calls.clear()
        assert manager.finish_login(**answer).outcome is Outcome.NO_SUCH_FLOW
        assert list(webex_sandbox.calls) == []
        assert manager.get_user_context(user_id=alice.id) is None

    @pytest.mark.holds(4)
    @pytest.mark.parametrize("flow_id", ["", "unknown", "used", "*", "x" * 5000, "a\x00b", "é"])
    def test_an_unknown_flow_makes_no_call_and_no_message(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox, flow_id: str
    ) -> None:
        manager.start_flow(user_id=webex_sandbox.add_person("Alice Adams").id)
        webex_sandbox.calls.clear()
        assert manager.finish_login(flow_id=flow_id, code="code").outcome is Outcome.NO_SUCH_FLOW
        assert manager.finish_login(flow_id=flow_id, error="access_denied").outcome is Outcome.NO_SUCH_FLOW
        assert list(webex_sandbox.calls) == []

    @pytest.mark.holds(11)
    def test_a_users_oldest_flows_go_first(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        urls = [manager.asking.url(alice.id) for _ in range(MAX_PENDING_FLOWS + 1)]
        oldest = parse_qs(urlsplit(urls[0]).query)["state"][0]
        assert manager.finish_login(flow_id=oldest, code="code").outcome is Outcome.NO_SUCH_FLOW
        assert manager.process_redirect(**came_back(webex_sandbox, urls[1], alice)) == DONE
        assert manager.process_redirect(**came_back(webex_sandbox, urls[-1], alice)) == DONE

    @pytest.mark.holds(6)
    def test_the_verifier_is_sent_with_the_code_and_not_before(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        urls = [manager.asking.url(alice.id) for _ in range(2)]
        challenges = {parse_qs(urlsplit(url).query)["code_challenge"][0] for url in urls}
        assert len(challenges) == 2
        for url in urls:
            assert "verifier" not in url
            manager.process_redirect(**came_back(webex_sandbox, url, alice))
        exchanges = webex_sandbox.calls.exchanges()
        assert [call.status for call in exchanges] == [200, 200]  # the sandbox checks them
        assert len({call.form["code_verifier"] for call in exchanges}) == 2
