"""Failures of the token endpoint: which ones end a login, and which ones pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.raw_server import RawServer, answer
from support.webex_oauth import (
    VERIFIER,
    Answering,
    code_for,
    failure_of,
    integration_at,
    refreshed_at,
    tokens_for,
)
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth.errors import (
    ClientRefused,
    GrantRefused,
    TokenServiceUnavailable,
)
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.webex.bounded_http import retry_after
from webex_bot_auth.webex.oauth import WebexOAuth


class TestFailures:
    @pytest.mark.holds(23)
    @pytest.mark.parametrize("shape", ["webex", "rfc6749"])
    def test_a_bad_grant_is_recognised_in_both_shapes_of_errors(
        self, cloud: Sandbox, webex: WebexOAuth, shape: Any
    ) -> None:
        cloud.oauth.error_shape = shape
        for call in (lambda: webex.refresh(Tokens(refresh_token="bad")), lambda: webex.exchange(code="bad")):
            error = failure_of(call)
            assert type(error) is GrantRefused
            assert (error.status, error.error) == (400, "invalid_grant")
            assert bool(error.tracking_id) == (shape == "webex")

    @pytest.mark.holds(24)
    @pytest.mark.parametrize("shape", ["webex", "rfc6749"])
    def test_a_wrong_secret_is_the_operators_fault_in_both_shapes(
        self, cloud: Sandbox, integration: Integration, alice: Person, shape: Any
    ) -> None:
        tokens = tokens_for(cloud, WebexOAuth(integration), alice)
        cloud.oauth.error_shape = shape
        integration.client_secret = "wrong"
        error = failure_of(lambda: WebexOAuth(integration).refresh(tokens))
        assert type(error) is ClientRefused
        assert error.status == 401

    @pytest.mark.holds(23, 24)
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"error": "invalid_grant"}, GrantRefused),
            (400, {"message": "The refresh token has expired"}, GrantRefused),
            (400, {"error": "invalid_request"}, ClientRefused),
            (400, {"error": "unsupported_grant_type", "message": "m"}, ClientRefused),
            (400, {"error": "invalid_client"}, ClientRefused),
            (400, b"<h1>Bad request</h1>", TokenServiceUnavailable),
            (400, {}, TokenServiceUnavailable),
            (400, [], TokenServiceUnavailable),
            (401, {"error": "invalid_client"}, ClientRefused),
            (401, {"error": "invalid_grant"}, ClientRefused),
            (403, b"", ClientRefused),
            (404, b"<h1>Not found</h1>", ClientRefused),
            (408, b"", TokenServiceUnavailable),
            (425, b"", TokenServiceUnavailable),
            (429, b"", TokenServiceUnavailable),
            (429, {"error": "invalid_grant"}, TokenServiceUnavailable),
            (500, {"error": "invalid_grant"}, TokenServiceUnavailable),
            (502, b"<h1>Bad gateway</h1>", TokenServiceUnavailable),
            (503, {"message": "maintenance"}, TokenServiceUnavailable),
            (204, b"", TokenServiceUnavailable),
            (201, {"access_token": "new"}, TokenServiceUnavailable),
            (400, {"error": {"code": 1}, "trackingId": 7, "message": "m"}, GrantRefused),
        ],
    )
    def test_only_a_refused_grant_costs_a_login(
        self, answering: Answering, status: int, body: Any, kind: type
    ) -> None:
        server = answering(answer(status, body))
        error = failure_of(lambda: refreshed_at(server))
        assert type(error) is kind
        assert error.status == status

    @pytest.mark.holds(23)
    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 408},
            {"status": 429},
            {"status": 500},
            {"status": 503},
            {"reset": True},
            {"html": True},
            {"empty": True},
            {"wrong_types": True},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("grant", ["exchange", "refresh"])
    def test_a_passing_fault_is_recognised_and_passes(
        self, cloud: Sandbox, webex: WebexOAuth, alice: Person, fault: Any, grant: Any
    ) -> None:
        tokens, code = tokens_for(cloud, webex, alice), code_for(cloud, webex, alice)
        calls: dict[str, Callable[[], Tokens]] = {
            "exchange": lambda: webex.exchange(code=code, verifier=VERIFIER),
            "refresh": lambda: webex.refresh(tokens),
        }
        with cloud.faults.token(grant=grant, **fault):
            error = failure_of(calls[grant])
        assert type(error) is TokenServiceUnavailable
        assert error.status == fault.get("status", error.status)
        assert calls[grant]().access_token

    @pytest.mark.holds(23)
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b'"new"',
            b"\xff\xfe",
            b"[" * 60_000,
            {"error": "invalid_grant"},
            {"access_token": None},
            {"access_token": ""},
            {"access_token": {"a": "b"}},
            {"access_token": "new", "token_type": "mac"},
            {"access_token": "new", "expires_in": "soon"},
            {"access_token": "new", "expires_in": 10**12},
            {"access_token": "new", "expires_in": 10**20},
            {"access_token": "new", "expires_in": -(10**12)},
            {"access_token": "new", "refresh_token_expires_in": 10**12},
            b'{"access_token": "new", "expires_in": NaN}',
            b'{"access_token": "new", "expires_in": 1' + b"0" * 5000 + b"}",
            {"access_token": "cannot be stored \ud800"},
            {"access_token": "cannot be\r\nsent"},
        ],
        ids=lambda body: str(body)[-40:],
    )
    def test_an_answer_with_200_that_is_no_answer_is_a_passing_fault(
        self, answering: Answering, body: Any
    ) -> None:
        server = answering(answer(200, body))
        assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable

    @pytest.mark.holds(23)
    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"garbage\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            answer(200, b"not gzip", Content_Encoding="gzip"),
            b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        ],
        ids=lambda sent: str(sent)[:40],
    )
    def test_what_is_not_http_is_a_passing_fault(self, answering: Answering, sent: bytes) -> None:
        server = answering(sent)
        assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable

    def test_a_refused_connection_is_a_passing_fault(self, answering: Answering) -> None:
        with RawServer(b"") as server:
            gone = WebexOAuth(integration_at(server.url))
        assert type(failure_of(lambda: gone.refresh(Tokens(refresh_token="r")))) is TokenServiceUnavailable

    @pytest.mark.holds(17)
    @pytest.mark.parametrize(("status", "secret"), [(200, "secret-1"), (400, "secret-2"), (503, "secret-3")])
    def test_no_error_quotes_what_was_sent_or_answered(
        self, answering: Answering, status: int, secret: str
    ) -> None:
        body = {"access_token": [secret], "error_description": secret, "message": secret}
        server = answering(answer(status, body))
        error = failure_of(lambda: refreshed_at(server))
        for hidden in (secret, "the-refresh", "the-client-secret"):
            assert hidden not in f"{error} {error!r} {error.__dict__} {error.__cause__}"


class TestRetryAfter:
    def test_seconds(self, cloud: Sandbox, webex: WebexOAuth) -> None:
        with cloud.faults.token(status=429, retry_after=17):
            error = failure_of(lambda: webex.refresh(Tokens(refresh_token="r")))
        assert isinstance(error, TokenServiceUnavailable)
        assert error.retry_after == 17.0

    def test_a_date(self, answering: Answering) -> None:
        date = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
        server = answering(answer(503, b"", Retry_After=date))
        error = failure_of(lambda: refreshed_at(server))
        assert isinstance(error, TokenServiceUnavailable)
        assert error.retry_after is not None
        assert 3500 < error.retry_after <= 3600

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0.0),
            (" 5 ", 5.0),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
            ("soon", None),
            ("", None),
            ("-5", None),
        ],
    )
    def test_a_date_in_the_past_is_0_and_a_malformed_value_is_none(
        self, value: str, seconds: float | None
    ) -> None:
        assert retry_after({"Retry-After": value}) == seconds

    def test_no_header_is_none(self) -> None:
        assert retry_after({}) is None

    @given(st.text(st.characters(max_codepoint=255)) | st.from_regex(r"1 Jan \d{1,15} 0:0:0 [+-]?\w{1,15}"))
    @example("9" * 400)
    @example("1 Jan 99999999999999 00:00:00 GMT")
    @example("1 Jan 2020 00:00:00 +99999999999999")
    @example("1 Jan 0001 00:00:00 -0000")
    def test_any_value_gives_a_number_of_seconds_or_none(self, value: str) -> None:
        seconds = retry_after({"Retry-After": value})
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
