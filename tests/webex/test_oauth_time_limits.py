"""The token endpoint is waited for a bounded time, and its redirections are not followed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from support.raw_server import answer
from support.webex_oauth import Answering, failure_of, refreshed_at
from wxc_sdk.tokens import Tokens

from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.webex import bounded_http, token_endpoint
from webex_bot_auth.webex.oauth import WebexOAuth


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of half a second at most."""
    monkeypatch.setattr(bounded_http, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(token_endpoint, "READ_SECONDS", 0.3)
    monkeypatch.setattr(token_endpoint, "TOTAL_SECONDS", 0.5)


@pytest.mark.holds(27)
@pytest.mark.usefixtures("short_limits")
@pytest.mark.timeout(20)  # answers here never end: a call without a limit would not end either
class TestTimeLimits:
    @pytest.mark.parametrize("grant", ["exchange", "refresh"])
    def test_a_service_that_never_answers(self, cloud: Sandbox, webex: WebexOAuth, grant: Any) -> None:
        with cloud.faults.token(grant=grant, hang=True) as fault:
            error = failure_of(
                lambda: (
                    webex.exchange(code="c")
                    if grant == "exchange"
                    else webex.refresh(Tokens(refresh_token="r"))
                )
            )
            fault.wait()
            assert fault.seen == 1  # a code is valid once: there is no second attempt
        assert type(error) is TokenServiceUnavailable

    @pytest.mark.parametrize(
        ("at_once", "dripping"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", cycle(b" ")),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", cycle(b"1\r\n \r\n")),
            (b"HTTP/1.1 200 OK\r\n", cycle(b"X: yz\r\n")),
            (b"HTTP/1.1 200 ", cycle(b"O")),
        ],
        ids=["body", "chunks", "headers", "status line"],
    )
    def test_an_answer_that_drips(
        self, answering: Answering, at_once: bytes, dripping: Iterator[int]
    ) -> None:
        server = answering(at_once, dripping)
        assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable

    def test_a_huge_answer(self, answering: Answering) -> None:
        body = b'{"access_token": "new", "padding": "' + b"x" * (16 * 1024 * 1024) + b'"}'
        server = answering(answer(200, body))
        assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed_and_no_secret_is_sent_there(answering: Answering, status: int) -> None:
    elsewhere = answering(answer(200, {"access_token": "new"}))
    server = answering(answer(status, b"", Location=elsewhere.url))
    assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable
    assert len(server.requests) == 1
    assert elsewhere.requests == []
