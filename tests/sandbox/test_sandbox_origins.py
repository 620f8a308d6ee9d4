"""Who may call the sandbox: no foreign host, no foreign page, and web apps only where they were allowed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from webex_bot_auth.sandbox import Sandbox

APP, FOREIGN = "http://localhost:3000", "https://evil.example"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Sandbox]:
    """Run a sandbox that a web app may use."""
    with Sandbox(allow_origins=[APP]) as running:
        running.environment["WEBEX_BOT_TOKEN"] = running.add_bot("Echo Bot").token
        yield running


def get(cloud: Sandbox, path: str, method: str = "GET", **headers: str) -> requests.Response:
    """Make a call with headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{cloud.url}{path}", headers=named, timeout=30)


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/people/me", "/sandbox/env", "/sandbox/answers", "/sandbox/certificate", "/u2c/api/v1/catalog"],
)
def test_foreign_hosts_and_pages_are_refused_everywhere(cloud: Sandbox, path: str) -> None:
    for headers in ({"Host": "evil.example"}, {"Host": "["}, {"Origin": FOREIGN}, {"Origin": "null"}):
        assert get(cloud, path, **headers).status_code == 403
    answer = get(cloud, path, Origin=cloud.url)
    assert answer.status_code in (200, 401)
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
        "nosniff",
        "no-store",
    )


def test_web_apps_of_an_allowed_origin_use_the_api(cloud: Sandbox) -> None:
    wanted = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "authorization"}
    asked = get(cloud, "/v1/people/me", "OPTIONS", Origin=APP, **wanted)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Headers"] == "authorization"
    answer = get(cloud, "/v1/people/me", Origin=APP, Authorization=f"Bearer {cloud.people()[0].token}")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, APP)
    assert "Link" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in get(cloud, "/v1/people/me").headers


def test_the_page_of_the_sandbox_is_not_for_them(cloud: Sandbox) -> None:
    for path in ("/chat/state", "/sandbox/env", "/sandbox/answers", "/workbench/calls"):
        answer = get(cloud, path, Origin=APP)
        assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (403, None)


def test_the_websocket_is_for_the_same(cloud: Sandbox) -> None:
    token = {"Authorization": f"Bearer {cloud.people()[0].token}"}
    device = requests.post(f"{cloud.url}/wdm/api/v1/devices", json={}, headers=token, timeout=30).json()
    with pytest.raises(InvalidStatus, match="403"):
        connect(device["webSocketUrl"], origin=FOREIGN)
    there = socket.create_connection(("127.0.0.1", urlsplit(device["webSocketUrl"]).port))
    with pytest.raises(InvalidStatus, match="403"):
        connect(device["webSocketUrl"].replace("127.0.0.1", "evil.example"), sock=there)
    connect(device["webSocketUrl"], origin=APP).close()


@pytest.mark.parametrize("wrong", ["*", "localhost:3000", "http://localhost:3000/app", "null"])
def test_what_is_not_an_origin_is_an_error(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        Sandbox(allow_origins=[wrong])
