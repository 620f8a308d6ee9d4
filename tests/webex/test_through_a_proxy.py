"""Webex behind a proxy that is itself reached by https: TLS within TLS."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.connect_proxy import ConnectProxy, connect_proxy
from support.raw_server import RawServer
from support.tls import tls_in_front_of
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

from webex_bot_auth.chat.direct_messages import DirectMessages
from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.webex import rest
from webex_bot_auth.webex.connections import Connections
from webex_bot_auth.webex.identity import identify
from webex_bot_auth.webex.rest import user_api


@pytest.fixture
def connections() -> Iterator[Connections]:
    made = Connections()
    yield made
    made.close()


@contextlib.contextmanager
def through_a_proxy(url: str, folder: Path, environment: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    """Let the REST API be that server, over TLS, behind a proxy over TLS.

    Args:
        url: of a server without TLS
        folder: for the certificate of both
        environment: says where the proxy is, and whom to trust
    """
    with (
        connect_proxy() as proxy,
        tls_in_front_of(urlsplit(url).port or 0, folder) as (server_port, certificate),
        tls_in_front_of(proxy.port, folder) as (proxy_port, _),
    ):
        environment.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        environment.setenv("HTTPS_PROXY", f"https://localhost:{proxy_port}")
        for name in ("NO_PROXY", "no_proxy"):
            environment.delenv(name, raising=False)
        environment.setattr(RestSession, "BASE", f"https://localhost:{server_port}/v1")
        yield proxy


def test_calls_share_one_tunnel(
    webex_sandbox: WebexSandbox, connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bot = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_bot("Echo Bot")
    with through_a_proxy(webex_sandbox.url, tmp_path, monkeypatch) as proxy:
        for _ in range(3):
            api = user_api(Tokens(access_token=alice.token), connections)
            assert api.people.me().display_name == "Alice Adams"
        assert DirectMessages(bot.token, connections).send(alice.id, "hello")
        connections.close()
    assert [message.text for message in webex_sandbox.messages()] == ["hello"]
    assert proxy.tunnels == [urlsplit(RestSession.BASE).netloc] * len(proxy.tunnels)
    assert len(proxy.tunnels) == 1


@pytest.mark.holds(37)
@pytest.mark.timeout(20)  # the answer never ends: a call without a limit would not end either
def test_an_answer_that_never_ends(
    connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "OWN", dataclasses.replace(rest.OWN, read_seconds=0.3, total_seconds=0.6))
    with (
        RawServer(b"HTTP/1.1 200 OK\r\nX-Long: ", itertools.cycle(b"x")) as server,
        through_a_proxy(server.url, tmp_path, monkeypatch) as proxy,
    ):
        with pytest.raises(TokenServiceUnavailable):
            identify(Tokens(access_token="token"), connections)
        connections.close()
    assert len(proxy.tunnels) == 1
