"""Webex's OAuth endpoints: PKCE, time limits, and which failure is which."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.raw_server import RawServer, answer
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import YAMLTokenManager, token_endpoint
from webex_bot_auth.errors import (
    ClientRefused,
    GrantRefused,
    SettingError,
    TokenServiceError,
    TokenServiceUnavailable,
)
from webex_bot_auth.oauth import WebexOAuth, challenge, check_integration, new_verifier
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.token_endpoint import retry_after

Answering = Callable[..., RawServer]
VERIFIER = new_verifier()


@pytest.fixture
def alice(cloud: Sandbox) -> Person:
    return cloud.add_person("Alice Adams")


@pytest.fixture
def webex(integration: Integration) -> WebexOAuth:
    """The sandbox's endpoints."""
    return WebexOAuth(integration)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Starts a server that gives one answer."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with ExitStack() as servers:
        yield lambda *sent, **options: servers.enter_context(RawServer(*sent, **options))


@contextmanager
def soon() -> Iterator[None]:
    """The limits below are 0.5 s; the rest is for a slow machine."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 2.5


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_endpoint, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(token_endpoint, "READ_SECONDS", 0.3)
    monkeypatch.setattr(token_endpoint, "TOTAL_SECONDS", 0.5)


def integration_at(token_service: str) -> Integration:
    return Integration(
        client_id="the-client",
        client_secret="the-client-secret",
        scopes="spark:people_read spark:kms",
        redirect_url="https://bot.example.com/redirect",
        token_service=token_service,
    )


def integration_with(name: str, value: Any) -> Integration:
    """One that is fine but for this."""
    made = integration_at("https://webex.example.com/token")
    setattr(made, name, value)
    return made


def code_for(cloud: Sandbox, webex: WebexOAuth, person: Person) -> str:
    """An authorization code that the person's approval brought."""
    return came_back(cloud, webex.authorization_url(state="s", verifier=VERIFIER), person)["code"]


def logged_in(cloud: Sandbox, webex: WebexOAuth, person: Person) -> Tokens:
    return webex.exchange(code=code_for(cloud, webex, person), verifier=VERIFIER)


def refreshed_at(server: RawServer, **had: Any) -> Tokens:
    """What a refresh gives where this server answers."""
    return WebexOAuth(integration_at(server.url)).refresh(Tokens(**{"refresh_token": "the-refresh", **had}))


def failure_of(call: Callable[[], Any]) -> TokenServiceError:
    with pytest.raises(TokenServiceError) as caught:
        call()
    return caught.value


class TestPkce:
    @pytest.mark.holds(6)
    def test_the_challenge_is_that_of_rfc_7636_appendix_b(self) -> None:
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    @pytest.mark.holds(6)
    def test_a_thousand_verifiers_differ_and_are_long_enough(self) -> None:
        verifiers = {new_verifier() for _ in range(1000)}
        assert len(verifiers) == 1000
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,128}", verifier) for verifier in verifiers)

    @pytest.mark.holds(6)
    def test_the_address_has_the_challenge_and_not_the_verifier(self, webex: WebexOAuth) -> None:
        url = webex.authorization_url(state="the state", scopes=["a", "b c"], verifier=VERIFIER)
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        assert base64.urlsafe_b64decode(query.pop("code_challenge") + "=") == digest
        assert query == {
            "client_id": webex.integration.client_id,
            "code_challenge_method": "S256",
            "redirect_uri": webex.integration.redirect_url,
            "response_type": "code",
            "scope": "a b c",
            "state": "the state",
        }
        assert VERIFIER not in url

    @pytest.mark.holds(6)
    def test_without_a_verifier_there_is_no_challenge(self, webex: WebexOAuth) -> None:
        url = webex.authorization_url(state="s")
        assert "code_challenge" not in url
        assert parse_qs(urlsplit(url).query)["scope"] == [" ".join(webex.scopes)]

    @pytest.mark.holds(6)
    @pytest.mark.parametrize("sent", [None, new_verifier()])
    def test_another_verifier_or_none_gets_no_tokens(
        self, cloud: Sandbox, webex: WebexOAuth, alice: Person, sent: str | None
    ) -> None:
        code = code_for(cloud, webex, alice)
        with pytest.raises(GrantRefused):
            webex.exchange(code=code, verifier=sent)


class TestExchange:
    def test_it_gives_tokens_with_their_expiry(
        self, cloud: Sandbox, webex: WebexOAuth, alice: Person
    ) -> None:
        tokens = logged_in(cloud, webex, alice)
        assert tokens.scope == "spark:people_read spark:rooms_read spark:messages_read"
        lifetimes = (cloud.oauth.access_token_lifetime, cloud.oauth.refresh_token_lifetime)
        for moment, lifetime in zip(
            (tokens.expires_at, tokens.refresh_token_expires_at), lifetimes, strict=True
        ):
            assert moment
            assert (
                0 <= (datetime.now(timezone.utc) + timedelta(seconds=lifetime) - moment).total_seconds() < 5
            )

    def test_scopes_that_the_answer_does_not_name_are_those_asked_for(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "new"}))
        webex = WebexOAuth(integration_at(server.url))
        assert webex.exchange(code="c", asked=["a", "b"]).scope == "a b"
        assert webex.exchange(code="c").scope == "spark:people_read spark:kms"

    def test_scopes_that_the_answer_names_count(self, answering: Answering) -> None:
        webex = WebexOAuth(integration_at(answering(answer(200, {"access_token": "n", "scope": "a"})).url))
        assert webex.exchange(code="c", asked=["a", "b"]).scope == "a"

    def test_code_secret_and_verifier_go_into_the_body_alone(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "new"}))
        WebexOAuth(integration_at(server.url)).exchange(code="the-code", verifier=VERIFIER)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/access_token HTTP/1.1\r\n")
        assert parse_qs(body.decode()) == {
            "client_id": ["the-client"],
            "client_secret": ["the-client-secret"],
            "code": ["the-code"],
            "code_verifier": [VERIFIER],
            "grant_type": ["authorization_code"],
            "redirect_uri": ["https://bot.example.com/redirect"],
        }
        assert b"authorization:" not in head.lower()


class TestRefresh:
    def test_new_tokens_are_taken(self, cloud: Sandbox, webex: WebexOAuth, alice: Person) -> None:
        cloud.oauth.rotate_refresh_token = True
        old = logged_in(cloud, webex, alice)
        cloud.oauth.refresh_token_lifetime = 1000
        new = webex.refresh(old)
        assert new.access_token != old.access_token
        assert new.refresh_token != old.refresh_token
        assert new.refresh_token_expires_at
        left = new.refresh_token_expires_at - datetime.now(timezone.utc)
        assert timedelta(seconds=990) < left <= timedelta(seconds=1000)

    @pytest.mark.holds(25)
    def test_what_the_answer_leaves_out_stays(self, cloud: Sandbox, webex: WebexOAuth, alice: Person) -> None:
        cloud.oauth.refresh_omits = ("refresh_token", "refresh_token_expires_in", "scope")
        old = logged_in(cloud, webex, alice)
        new = webex.refresh(old)
        assert new.access_token != old.access_token
        for name in ("refresh_token", "refresh_token_expires_at", "scope"):
            assert getattr(new, name) == getattr(old, name)
        assert webex.refresh(new).access_token != new.access_token

    @pytest.mark.holds(25)
    @pytest.mark.parametrize("absent", [{}, {"refresh_token": None}, {"refresh_token": ""}])
    def test_no_answer_takes_the_refresh_token_away(self, answering: Answering, absent: Any) -> None:
        server = answering(answer(200, {"access_token": "new", "scope": "", **absent}))
        new = refreshed_at(server, scope="a b")
        assert (new.access_token, new.refresh_token, new.scope) == ("new", "the-refresh", "a b")

    @pytest.mark.holds(25)
    def test_the_expiry_of_the_old_refresh_token_is_not_that_of_a_new_one(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "new", "refresh_token": "other"}))
        new = refreshed_at(server, refresh_token_expires_at=datetime(2031, 1, 1, tzinfo=timezone.utc))
        assert (new.refresh_token, new.refresh_token_expires_at) == ("other", None)

    def test_the_old_tokens_are_left_alone(self, answering: Answering) -> None:
        old = Tokens(access_token="old", refresh_token="the-refresh", scope="a")
        before = old.model_copy()
        WebexOAuth(integration_at(answering(answer(200, {"access_token": "new"})).url)).refresh(old)
        assert old == before

    def test_without_a_refresh_token_nothing_is_asked(self, webex: WebexOAuth, cloud: Sandbox) -> None:
        with pytest.raises(GrantRefused):
            webex.refresh(Tokens(access_token="old"))
        assert cloud.calls.refreshes() == []

    def test_a_lower_case_bearer_and_a_list_of_scopes_are_fine(self, answering: Answering) -> None:
        answered = {"access_token": "new", "token_type": "bearer", "scope": ["a", "b"], "expires_in": 60}
        new = refreshed_at(answering(answer(200, answered)))
        assert (new.token_type, new.scope) == ("Bearer", "a b")


class TestFailures:
    @pytest.mark.holds(23)
    @pytest.mark.parametrize("shape", ["webex", "rfc6749"])
    def test_a_bad_grant_is_told_in_both_shapes_of_errors(
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
        tokens = logged_in(cloud, WebexOAuth(integration), alice)
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
    def test_a_passing_fault_is_told_apart_and_passes(
        self, cloud: Sandbox, webex: WebexOAuth, alice: Person, fault: Any, grant: Any
    ) -> None:
        tokens, code = logged_in(cloud, webex, alice), code_for(cloud, webex, alice)
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
        date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)
        server = answering(answer(503, b"", Retry_After=date))
        error = failure_of(lambda: refreshed_at(server))
        assert isinstance(error, TokenServiceUnavailable)
        assert error.retry_after is not None
        assert 50 < error.retry_after <= 60

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
    def test_what_is_past_is_now_and_what_is_nothing_is_none(self, value: str, seconds: float | None) -> None:
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


@pytest.mark.holds(27)
@pytest.mark.usefixtures("short_limits")
class TestTimeLimits:
    @pytest.mark.parametrize("grant", ["exchange", "refresh"])
    def test_a_service_that_never_answers(self, cloud: Sandbox, webex: WebexOAuth, grant: Any) -> None:
        with cloud.faults.token(grant=grant, hang=True) as fault, soon():
            error = failure_of(
                lambda: (
                    webex.exchange(code="c")
                    if grant == "exchange"
                    else webex.refresh(Tokens(refresh_token="r"))
                )
            )
            assert fault.seen == 1  # a code is good once: no second try
        assert type(error) is TokenServiceUnavailable

    @pytest.mark.parametrize(
        ("at_once", "dripping"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b" " * 100),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 20),
            (b"HTTP/1.1 200 OK\r\n", b"X: yz\r\n" * 15),
            (b"", b"HTTP/1.1 200 " + b"O" * 90),
        ],
        ids=["body", "chunks", "headers", "status line"],
    )
    def test_an_answer_that_drips(self, answering: Answering, at_once: bytes, dripping: bytes) -> None:
        server = answering(at_once, dripping)
        with soon():
            assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable

    def test_a_huge_answer(self, answering: Answering) -> None:
        body = b'{"access_token": "new", "padding": "' + b"x" * (16 * 1024 * 1024) + b'"}'
        server = answering(answer(200, body))
        with soon():
            assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed_and_the_secret_stays_here(answering: Answering, status: int) -> None:
    elsewhere = answering(answer(200, {"access_token": "new"}))
    server = answering(answer(status, b"", Location=elsewhere.url))
    assert type(failure_of(lambda: refreshed_at(server))) is TokenServiceUnavailable
    assert len(server.requests) == 1
    assert elsewhere.requests == []


class TestSettings:
    @pytest.mark.parametrize("name", ["client_id", "client_secret", "scopes", "redirect_url"])
    @pytest.mark.parametrize("value", ["", None])
    def test_a_missing_one_is_named(self, name: str, value: Any) -> None:
        with pytest.raises(SettingError, match=f"^integration.{name}: is empty") as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.parametrize("name", ["token_service", "auth_service", "redirect_url"])
    @pytest.mark.parametrize(
        "value", ["webexapis.com/v1", "/v1/token", "//webexapis.com/v1", "https://", "https://["]
    )
    def test_half_an_address_is_named(self, name: str, value: str) -> None:
        with pytest.raises(SettingError) as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.holds(21)
    @pytest.mark.parametrize("name", ["token_service", "auth_service"])
    @pytest.mark.parametrize(
        "value",
        [
            "http://webexapis.com/v1",
            "http://10.0.0.1/v1",
            "http://127.evil.example/v1",
            "http://127.0.0.1.evil.example/v1",
            "http://localhost.evil.example/v1",
            "http://127.0.0.1@evil.example/v1",
            "ftp://webexapis.com/v1",
        ],
    )
    def test_secrets_go_over_https_or_stay_on_this_machine(self, name: str, value: str) -> None:
        with pytest.raises(SettingError, match="https") as caught:
            check_integration(integration_with(name, value))
        assert caught.value.setting == f"integration.{name}"

    @pytest.mark.holds(21)
    def test_a_manager_with_such_a_service_is_not_made(self, tmp_path: Any) -> None:
        bad = integration_at("http://webexapis.com/v1/access_token")
        with pytest.raises(SettingError, match="token_service"):
            YAMLTokenManager("bot-token", bad, yml_base=str(tmp_path / "tokens"))

    @pytest.mark.holds(21)
    @pytest.mark.parametrize(
        "url",
        ["https://webexapis.com/v1", "http://localhost:99/v1", "http://LOCALHOST/v1", "http://127.0.0.1:5/v1",
         "http://127.1.2.3/v1", "http://[::1]:80/v1"],
    )  # fmt: skip
    def test_https_and_loopback_are_fine(self, url: str) -> None:
        check_integration(integration_at(url))
