"""Webex's OAuth endpoints: PKCE, and tokens for a code or a refresh token."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.raw_server import answer
from support.webex_oauth import (
    VERIFIER,
    Answering,
    code_for,
    integration_at,
    refreshed_at,
    tokens_for,
)
from wxc_sdk.tokens import Tokens

from webex_bot_auth.errors import (
    GrantRefused,
)
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.webex.oauth import WebexOAuth, challenge, new_verifier


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
    @pytest.mark.parametrize("sent", [None, "another-verifier" * 3])
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
        tokens = tokens_for(cloud, webex, alice)
        assert tokens.scope == "spark:people_read spark:rooms_read spark:messages_read"
        lifetimes = (cloud.oauth.access_token_lifetime, cloud.oauth.refresh_token_lifetime)
        for moment, lifetime in zip(
            (tokens.expires_at, tokens.refresh_token_expires_at), lifetimes, strict=True
        ):
            assert moment
            assert (
                0 <= (datetime.now(timezone.utc) + timedelta(seconds=lifetime) - moment).total_seconds() < 60
            )

    def test_scopes_that_the_answer_does_not_name_are_those_asked_for(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "new"}))
        webex = WebexOAuth(integration_at(server.url))
        assert webex.exchange(code="c", asked=["a", "b"]).scope == "a b"
        assert webex.exchange(code="c").scope == "spark:people_read spark:kms"

    def test_scopes_that_the_answer_names_are_the_granted_ones(self, answering: Answering) -> None:
        webex = WebexOAuth(integration_at(answering(answer(200, {"access_token": "n", "scope": "a"})).url))
        assert webex.exchange(code="c", asked=["a", "b"]).scope == "a"

    def test_code_secret_and_verifier_are_in_the_body_alone(self, answering: Answering) -> None:
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
        old = tokens_for(cloud, webex, alice)
        cloud.oauth.refresh_token_lifetime = 1000
        new = webex.refresh(old)
        assert new.access_token != old.access_token
        assert new.refresh_token != old.refresh_token
        assert new.refresh_token_expires_at
        left = new.refresh_token_expires_at - datetime.now(timezone.utc)
        assert timedelta(seconds=900) < left <= timedelta(seconds=1000)

    @pytest.mark.holds(25)
    def test_what_the_answer_leaves_out_stays(self, cloud: Sandbox, webex: WebexOAuth, alice: Person) -> None:
        cloud.oauth.refresh_omits = ("refresh_token", "refresh_token_expires_in", "scope")
        old = tokens_for(cloud, webex, alice)
        new = webex.refresh(old)
        assert new.access_token != old.access_token
        for name in ("refresh_token", "refresh_token_expires_at", "scope"):
            assert getattr(new, name) == getattr(old, name)
        assert webex.refresh(new).access_token != new.access_token

    @pytest.mark.holds(25)
    @pytest.mark.parametrize("absent", [{}, {"refresh_token": None}, {"refresh_token": ""}])
    def test_no_answer_removes_the_refresh_token(self, answering: Answering, absent: Any) -> None:
        server = answering(answer(200, {"access_token": "new", "scope": "", **absent}))
        new = refreshed_at(server, scope="a b")
        assert (new.access_token, new.refresh_token, new.scope) == ("new", "the-refresh", "a b")

    @pytest.mark.holds(25)
    def test_the_expiry_of_the_old_refresh_token_is_not_that_of_a_new_one(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "new", "refresh_token": "other"}))
        new = refreshed_at(server, refresh_token_expires_at=datetime(2031, 1, 1, tzinfo=timezone.utc))
        assert (new.refresh_token, new.refresh_token_expires_at) == ("other", None)

    def test_the_old_tokens_are_not_changed(self, answering: Answering) -> None:
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

    @pytest.mark.holds(70)
    @pytest.mark.parametrize("lifetime", [3599, "3599", 3599.73, "3599.73", " 3599.5 "])
    def test_lifetimes_may_be_text_or_have_fractions(self, answering: Answering, lifetime: Any) -> None:
        answered = {"access_token": "a", "refresh_token": "r"}
        answered |= {"expires_in": lifetime, "refresh_token_expires_in": lifetime}
        new = refreshed_at(answering(answer(200, answered)))
        assert (new.expires_in, new.refresh_token_expires_in) == (3599, 3599)
        for moment in (new.expires_at, new.refresh_token_expires_at):
            assert moment
            assert timedelta(seconds=3500) < moment - datetime.now(timezone.utc) <= timedelta(seconds=3600)

    @pytest.mark.holds(70)
    def test_what_the_specification_does_not_name_is_dropped(self, answering: Answering) -> None:
        answered = {"access_token": "a", "expires_in": 60, "expires_at": "2051-01-01T00:00:00Z"}
        answered |= {"refresh_token_expires_at": {"no": "date"}, "id_token": "i", "x": [1]}
        new = refreshed_at(answering(answer(200, answered)))
        assert new.expires_at
        assert new.expires_at - datetime.now(timezone.utc) <= timedelta(seconds=60)
        assert new.refresh_token_expires_at is None

    @pytest.mark.holds(70)
    @pytest.mark.parametrize("empty", ["", None])
    def test_empty_fields_are_absent_ones(self, answering: Answering, empty: Any) -> None:
        names = ("token_type", "expires_in", "refresh_token", "refresh_token_expires_in", "scope")
        new = refreshed_at(
            answering(answer(200, {"access_token": "a", **dict.fromkeys(names, empty)})), scope="a"
        )
        assert (new.access_token, new.refresh_token, new.scope) == ("a", "the-refresh", "a")
        assert (new.expires_at, new.refresh_token_expires_at) == (None, None)

    def test_a_refresh_token_that_ends_after_0_seconds_has_no_end(self, answering: Answering) -> None:
        answered = {"access_token": "a", "refresh_token": "r", "refresh_token_expires_in": "0"}
        assert refreshed_at(answering(answer(200, answered))).refresh_token_expires_at is None

    @pytest.mark.holds(70)
    @pytest.mark.parametrize(
        "answered", ["a:X,b:read", "a:X, B:READ", ["a:X,b:read"], ["a:X", "B:Read"], " a:X  b:read "]
    )
    def test_scopes_are_those_that_were_asked_for(self, answering: Answering, answered: Any) -> None:
        server = answering(answer(200, {"access_token": "n", "scope": answered}))
        webex = WebexOAuth(integration_at(server.url))
        assert webex.exchange(code="c", asked=["a:X", "b:read"]).scope == "a:X b:read"

    def test_a_scope_that_differs_in_case_from_two_that_were_asked_for(self, answering: Answering) -> None:
        server = answering(answer(200, {"access_token": "n", "scope": "A:x OTHER"}))
        webex = WebexOAuth(integration_at(server.url))
        assert webex.exchange(code="c", asked=["A:x", "a:X"]).scope == "A:x OTHER"
