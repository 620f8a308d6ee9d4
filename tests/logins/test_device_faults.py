"""Device logins while Webex answers nonsense, or slowly: nobody is forgotten, none is polled for twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from support.makers import Make
from support.raw_server import answer
from support.waiting import wait_until
from support.webex_oauth import Answering, failure_of, integration_at

from webex_bot_auth.errors import TokenServiceUnavailable
from webex_bot_auth.sandbox import Sandbox
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
        either_manager(bot_token, integration, login_flow="device") as manager,
        cloud.faults.rest("/v1/device/token", hang=True) as hanging,
    ):
        for person in people:
            manager.request_login(user_id=person.id)
        wait_until(lambda: hanging.seen >= 60, "all codes are asked for while none is answered")
        assert hanging.seen == 60
    polls = cloud.calls.to("/v1/device/token")
    assert len({call.form["device_code"] for call in polls}) == 60
    assert {call.status for call in polls} == {428}  # Webex would have answered slow_down to a second one


@pytest.mark.holds(48)
def test_an_unreadable_record_stops_nobody_elses_login(
    cloud: Sandbox, redis_manager: Make, client: redis.Redis
) -> None:
    integration, bot_token = cloud.integration(), cloud.add_bot("Echo Bot").token
    with redis_manager(bot_token, integration) as manager:
        damaged = [manager.start_flow(user_id=f"user {number}") for number in range(20)]
        good = manager.start_flow(user_id="alice")
        for flow_id in (*damaged, good):
            manager.pending.poll_later(flow_id, 0)
        for number, flow_id in enumerate(damaged):
            client.set(f"flows-{flow_id}", ("{" * 50_000, b"\xff", "[]", '{"user_id": 7}')[number % 4])
        due = manager.pending.next_due()
        assert due
        assert due[0] == good
        assert manager.pending.next_due() is None
        assert client.exists(*(f"flows-{flow_id}" for flow_id in damaged)) == 20
