"""Calls of the sandbox's token endpoint, and of one that gives a chosen answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth.errors import TokenServiceError
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.webex.oauth import WebexOAuth, new_verifier

from .raw_server import RawServer

#: starts a server; takes what :class:`~support.raw_server.RawServer` takes
Answering = Callable[..., RawServer]
VERIFIER = new_verifier()


@pytest.fixture
def webex(integration: Integration) -> WebexOAuth:
    """The OAuth endpoints of the sandbox."""
    return WebexOAuth(integration)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Starts servers that give one answer each."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with ExitStack() as servers:
        yield lambda *sent, **options: servers.enter_context(RawServer(*sent, **options))


def integration_at(token_service: str) -> Integration:
    """An integration whose token endpoint has this address."""
    return Integration(
        client_id="the-client",
        client_secret="the-client-secret",
        scopes="spark:people_read spark:kms",
        redirect_url="https://bot.example.com/redirect",
        token_service=token_service,
    )


def integration_with(name: str, value: Any) -> Integration:
    """An integration that is correct except for one attribute."""
    made = integration_at("https://webex.example.com/token")
    setattr(made, name, value)
    return made


def code_for(cloud: Sandbox, webex: WebexOAuth, person: Person) -> str:
    """The authorization code that a person's approval gives."""
    return came_back(cloud, webex.authorization_url(state="s", verifier=VERIFIER), person)["code"]


def tokens_for(cloud: Sandbox, webex: WebexOAuth, person: Person) -> Tokens:
    """Tokens of a person who has logged in."""
    return webex.exchange(code=code_for(cloud, webex, person), verifier=VERIFIER)


def refreshed_at(server: RawServer, **had: Any) -> Tokens:
    """Tokens after a refresh that this server answers; ``had`` are attributes of those before."""
    return WebexOAuth(integration_at(server.url)).refresh(Tokens(**{"refresh_token": "the-refresh", **had}))


def failure_of(call: Callable[[], Any]) -> TokenServiceError:
    """The error that a call raises."""
    with pytest.raises(TokenServiceError) as caught:
        call()
    return caught.value
