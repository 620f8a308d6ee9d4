"""Device logins while Webex answers nonsense, or slowly: nobody is forgotten, none is polled for twice."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
import requests
from support.makers import Make
from support.raw_server import answer
from support.waiting import wait_until
from support.webex_oauth import Answering, failure_of, integration_at

from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.logins.desks import POLL, item
from webex_bot_auth.sandbox import Person, Sandbox, open_url
from webex_bot_auth.stores import Reminder
from webex_bot_auth.webex.connections import Connections
from webex_bot_auth.webex.device_grant import DeviceCode, DeviceGrant

GOOD = {
    "device_code": "the-device-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://login.example.com",
    "expires_in": 300,
    "interval": 2,
}


def start_at(server: Any) -> DeviceCode:
    return DeviceGrant(integration_at(f"{server.url}/v1/access_token"), Connections()).start(["scope"])


@pytest.mark.holds(48)
@pytest.mark.parametrize("name", ["expires_in", "interval"])
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "0", "-1", "1e308", "1e400", '"soon"', "null", "[]"]
)
def test_no_time_to_wait_is_a_passing_fault(answering: Answering, name: str, value: str) -> None:
    body = json.dumps({**GOOD, name: "?"}).replace('"?"', value)
    error = failure_of(lambda: start_at(answering(answer(200, body.encode()))))
    assert isinstance(error, TokenServiceUnavailable)
    assert error.error == "malformed answer"


NOT_HTTPS = [
    "http://login.example.com",
    "javascript:alert(1)",
    "//login.example.com",
    7,
    "https://",
    "file:///etc",
]


@pytest.mark.holds(48)
@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("verification_uri", ""),  # an empty verification_uri_complete is as good as none
        *((name, page) for name in ("verification_uri", "verification_uri_complete") for page in NOT_HTTPS),
    ],
)
def test_a_page_that_is_not_https_is_a_passing_fault(answering: Answering, name: str, page: Any) -> None:
    error = failure_of(lambda: start_at(answering(answer(200, {**GOOD, name: page}))))
    assert isinstance(error, TokenServiceUnavailable)


def test_what_a_good_answer_says_is_taken(answering: Answering) -> None:
    code = start_at(answering(answer(200, {**GOOD, "verification_uri": "http://127.0.0.1:1/device"})))
    assert (code.device_code, code.user_code, code.expires_in, code.interval) == (
        "the-device-code",
        "ABCD-EFGH",
        300,
        2,
    )
    assert code.page == "http://127.0.0.1:1/device"
    assert "the-device-code" not in repr(code)
    without = {name: value for name, value in GOOD.items() if name != "interval"}
    assert start_at(answering(answer(200, without))).interval == 5  # RFC 8628 section 3.2
    complete = {**GOOD, "verification_uri_complete": "https://login.example.com/?userCode=ABCD-EFGH"}
    assert start_at(answering(answer(200, complete))).page == complete["verification_uri_complete"]


@pytest.mark.holds(48)
def test_60_slow_polls_hold_up_no_other_and_none_runs_twice(
    cloud: Sandbox, either_manager: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("READ_SECONDS", "TOTAL_SECONDS"):
        monkeypatch.setattr(f"webex_bot_auth.webex.token_endpoint.{name}", 100.0)
    cloud.oauth.device_interval = 1
    people = [cloud.add_person(f"Person {number}") for number in range(60)]
    integration, bot_token = cloud.integration(), cloud.add_bot("Echo Bot").token
    with (
        either_manager(bot_token, integration, login_flow="device") as one,
        either_manager(bot_token, integration, login_flow="device") as other,
        cloud.faults.rest("/v1/device/token", hang=True) as hanging,
    ):
        for number, person in enumerate(people):
            (one, other)[number % 2].request_login(user_id=person.id)
        wait_until(lambda: hanging.seen >= 60, "all codes are asked for while none is answered")
        assert hanging.seen == 60
    polls = cloud.calls.to("/v1/device/token")
    assert len({call.form["device_code"] for call in polls}) == 60
    assert {call.status for call in polls} == {428}  # Webex would have answered slow_down to a second one


@pytest.mark.holds(48)
def test_an_unreadable_desk_stops_nobody_elses_login(
    cloud: Sandbox, redis_manager: Make, client: redis.Redis, alice: Person
) -> None:
    cloud.oauth.device_interval = 1
    bot = cloud.add_bot("Echo Bot")
    with redis_manager(bot.token, cloud.integration(), login_flow="device") as manager:
        for number in range(20):
            user_id, flow_id = f"user {number}", manager.desks.new_flow_id()
            manager.desks.flows.remind(Reminder(POLL, item(user_id, flow_id), 0.0))
            damaged = ("{" * 50_000, b"\xff", "[]", '{"user_id": 7}')[number % 4]
            client.set(f"bot-{manager.desks.bot}-desk-{user_id}", damaged)
        manager.request_login(user_id=alice.id)
        card = cloud.wait_for_message(where=lambda message: message.card)
        code = parse_qs(urlsplit(open_url(card.card or {})).query)["userCode"][0]
        decision = {"user_code": code, "person": alice.id, "decision": "approve"}
        assert requests.post(f"{cloud.url}/device", data=decision, timeout=10).status_code == 200
        wait_until(lambda: manager.get_user_context(user_id=alice.id), "Alice is logged in")
    assert len(client.keys("bot-*-desk-user *")) == 20
