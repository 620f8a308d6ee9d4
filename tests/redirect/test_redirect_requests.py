"""Requests to the redirect page: methods, previews, malformed parameters, forged headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from support.login_endings import ENDINGS, every_ending
from support.redirect_page import Scene, app_for, check_headers, one_backend
from support.wording import TEXTS

from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.user_context.stored_manager import StoredTokenManager


@pytest.mark.holds(8, 13)
@one_backend
@pytest.mark.parametrize(
    "method",
    ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY", "ANYTHING"],
)
def test_other_methods_get_405_and_leave_the_flow(scene: Scene, method: str) -> None:
    query = scene.query_after_login()
    answer = scene.app.test_client().open(
        f"/redirect?{query}", method="GET", environ_overrides={"REQUEST_METHOD": method}
    )
    assert answer.status_code == 405
    check_headers(answer)
    assert {allowed.strip() for allowed in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}
    assert scene.open(query).status_code == 200


@pytest.mark.holds(8)
@pytest.mark.parametrize(
    ("look", "status"),
    [
        ({"method": "HEAD"}, 200),
        ({"method": "HEAD", "headers": {"Sec-Purpose": "prefetch"}}, 200),
        ({"headers": {"Sec-Purpose": "prefetch"}}, 503),
        ({"headers": {"Sec-Purpose": "prefetch;prerender"}}, 503),
        ({"headers": {"Sec-Purpose": "prefetch;anonymous-client-ip"}}, 503),
        ({"headers": {"Purpose": "prefetch"}}, 503),
        ({"headers": {"Purpose": "prerender"}}, 503),
        ({"headers": {"X-Purpose": "preview"}}, 503),
        ({"headers": {"X-Moz": "Prefetch"}}, 503),
        ({"method": "POST", "headers": {"Sec-Purpose": "prefetch"}}, 405),
    ],
    ids=str,
)
@one_backend
def test_head_requests_and_prefetches_leave_the_flow(scene: Scene, look: Any, status: int) -> None:
    query = scene.query_after_login()
    scene.cloud.calls.clear()
    answer = scene.open(query, **look)
    assert answer.status_code == status
    check_headers(answer)
    assert TEXTS.page_done.title not in answer.text
    assert list(scene.cloud.calls) == []
    assert scene.open(query).status_code == 200


#: what proxies, trackers and identity services add to an address, or might
BESIDE = [
    "session_state=1&session_state=2",
    "other=" + "o" * 2049,
    "other=" + "o" * 20_000,
    "o" * 2049 + "=1",
    "&".join(f"o{number}={'o' * 2000}" for number in range(9)),
    "&".join(f"o{number}=" for number in range(2000)),
    "o%00=1&other=%00",
    "%C3%A9=1",
    "team=M%C3%BCnchen",
    "team=M\u00fcnchen",
    "team=%FF%FE",
    "team=%ED%A0%80",
    "other=a%0D%0Ab%0Ac",
    "other=%E2%80%AE%1B[0m",
    "a=1&a=2&a",
    "&&&==&=x&%&%zz",
    "State=other&CODE=other&Error=other",
    "state[]=1&code[0]=2&error.=3&%20state=4",
    "error_description=Refus%C3%A9%20par%20l%E2%80%99utilisateur",
    "error_uri=https%3A%2F%2Fexample.com%2F%C3%A9",
    "iss=https://idbroker.webex.com&client_info=eyJ9",
    "fbclid=" + "f" * 300 + "&utm_source=%F0%9F%98%80",
    "a;b=1;state=2",
]


@pytest.mark.holds(9)
@one_backend
@pytest.mark.parametrize("where", ["before", "behind"])
def test_whatever_stands_beside_a_good_code_is_ignored(scene: Scene, where: str) -> None:
    for beside in BESIDE:
        query = scene.query_after_login()
        pairs = (beside, query) if where == "before" else (query, beside)
        answer = scene.app.test_client().get(
            "/redirect", environ_overrides={"QUERY_STRING": "&".join(pairs).encode().decode("latin-1")}
        )
        assert answer.status_code == 200, beside
        assert TEXTS.page_done.title in answer.text


@pytest.mark.holds(10)
@one_backend
@pytest.mark.parametrize(
    "description",
    [
        "L\u2019utilisateur a refus\u00e9 l\u2019acc\u00e8s",
        "first line\r\nsecond line\n",
        "d" * 2500,
        "\u00e9" * 2500,
        "\0",
        "",
        "\u202e\U0001f600",
    ],
    ids=ascii,
)
def test_a_refusal_is_one_whatever_its_description_says(scene: Scene, description: str) -> None:
    refusal = {"error": "access_denied", "error_description": description, "error_uri": description}
    answer = scene.open(urlencode({**refusal, "state": scene.state_after_login()}))
    assert answer.status_code == 403
    assert scene.messages_to(scene.alice) == [TEXTS.refused]


class Untouchable:
    """A store that must not be touched."""

    def close(self) -> None:
        """The only method that may be called."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError("the store was used")


@pytest.fixture
def untouchable(cloud: Sandbox) -> Iterator[Flask]:
    made = cloud.add_bot("Echo Bot").token, cloud.integration()
    with StoredTokenManager(*made, users=Untouchable(), flows=Untouchable()) as manager:
        app = app_for(manager)
        app.testing = True  # exceptions reach the test
        yield app


@pytest.mark.holds(9, 10)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=s",
        "code=c",
        "state=s&code=",
        "state=&code=c",
        "state=s&code=&error=",
        "state=s&code=c&error=access_denied",
        "code=c&error=access_denied",
        "state=s&state=s&code=c",
        "state=s&state=t&code=c",
        "state=s&code=c&code=d",
        "state=s&code=c&code=",
        "state=s&error=a&error=a",
        "state=s&code=" + "c" * 2049,
        "state=" + "s" * 2049 + "&code=c",
        "state=s&code=a%00b",
        "state=%00&code=c",
        "state=s&code=c%0D%0ALocation:%20//evil",
        "state=s%7F&code=c",
        "state=s%1B[0m&code=c",
        "state=%C3%A9&code=c",
        "state=s&code=\u00e9",
        "state=s&code=%FF",
        "state=s%E2%80%AE&code=c",
        "state=s&code=c&st%61te=t",
        "state=s&error=" + "e" * 2049,
        "state=s&error=a%0Ab",
        "state=s&error=%C3%A9",
        "state=s&code=c&other=1&code=c",
        "state=s&code=%ED%A0%80",
        "state=%2500%00&code=c",
    ],
    ids=lambda query: query[:45],
)  # fmt: skip
def test_malformed_parameters_get_400_before_storage_is_touched(untouchable: Flask, query: str) -> None:
    answer = untouchable.test_client().get(f"/redirect?{query}")
    assert answer.status_code == 400
    check_headers(answer)


@pytest.mark.holds(9)
@one_backend
def test_a_parameter_of_2_kib_is_not_overlong(scene: Scene) -> None:
    assert scene.open(f"state={'s' * 2048}&code={'c' * 2048}").status_code == 410


@pytest.mark.holds(10)
def test_an_error_ends_that_login_only_and_the_person_is_told(scene: Scene) -> None:
    first, other = scene.query_after_login(), scene.query_after_login()
    state = parse_qs(first)["state"][0]
    scene.cloud.calls.clear()
    answer = scene.open(urlencode({"state": state, "error": "access_denied", "error_description": "No!"}))
    assert answer.status_code == 403
    assert scene.messages_to(scene.alice) == [TEXTS.refused]
    assert scene.open(first).status_code == 410
    assert scene.cloud.calls.exchanges() == []
    assert scene.open(other).status_code == 200


@pytest.mark.holds(14)
@one_backend
@pytest.mark.parametrize("name", ["error", "error_description", "error_uri", "other"])
def test_text_from_outside_is_inert(scene: Scene, name: str) -> None:
    state = scene.state_after_login()
    text = "<script>alert('gotcha')</script>\"><img src=x onerror=gotcha>"
    answer = scene.open(urlencode({"state": state, "error": "access_denied"} | {name: text}))
    assert answer.status_code in (403, 502)
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert not any("gotcha" in said and "<" in said for said in scene.messages_to(scene.alice))


FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "https://evil.example/",
    "Forwarded": "host=evil.example;proto=https",
    "Referer": "https://evil.example/",
}


@pytest.mark.holds(7)
@one_backend
def test_the_redirect_address_comes_from_the_configuration_alone(scene: Scene) -> None:
    with scene.app.test_request_context("/redirect", headers=FORGED):
        url = scene.manager.asking.url(scene.alice.id)
    assert "evil" not in url
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [scene.manager.integration.redirect_url]
    query = urlsplit(scene.cloud.log_in(url, scene.alice, stop_before_redirect=True)).query
    assert scene.open(query, headers=FORGED).status_code == 200
    (exchange,) = scene.cloud.calls.exchanges()
    assert exchange.form["redirect_uri"] == scene.manager.integration.redirect_url


@pytest.mark.holds(7)
@one_backend
@every_ending
def test_no_request_makes_an_answer_send_the_browser_elsewhere(
    scene: Scene, tmp_path: Path, ending: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "&redirect_uri=//evil.example&next=//evil.example&url=//evil.example&return_to=//evil.example"
    plain = scene.open
    monkeypatch.setattr(
        scene,
        "open",
        lambda query, **request: plain(f"{query}{more}", headers=FORGED, **request),
        raising=True,
    )
    answer = ending(scene, tmp_path)
    assert answer.status_code == ENDINGS[ending][0]
    assert "Location" not in answer.headers
    assert "Refresh" not in answer.headers
    assert "http-equiv" not in answer.text
    assert "evil" not in f"{answer.headers}{answer.text}"
