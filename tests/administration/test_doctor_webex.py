"""``doctor`` asks Webex: the bot token, the client id and secret, the clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from support.doctor import Doctor
from support.raw_server import RawServer, answer
from wxc_sdk.rest import RestSession

from webex_bot_auth.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("no_settings")


def test_doctor_wants_a_bots_token(
    file_doctor: Doctor, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBEX_BOT_TOKEN", cloud.add_person("Alice Adams").token)
    assert file_doctor.line("bot token").startswith(
        "error: belongs to Alice Adams (person), not to a bot; set"
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 503}, "warning: not checked: Webex answers HTTP 503; try again"),
        ({"status": 429, "retry_after": 60}, "warning: not checked: Webex answers HTTP 429"),
        ({"reset": True}, "error: Webex cannot be reached (ConnectionError); check the network"),
        ({"html": True}, "error: something else answers in Webex's place"),
        ({"empty": True}, "error: something else answers in Webex's place"),
        ({"wrong_types": True}, "error: something else answers in Webex's place"),
    ],
)
def test_doctor_says_what_webex_answers_to_the_bots_token(
    file_doctor: Doctor, cloud: Sandbox, fault: dict[str, Any], said: str
) -> None:
    with cloud.faults.rest("/v1/people/me", **fault):
        assert file_doctor.line("bot token").startswith(said)
    assert file_doctor.line("bot token") == "ok: belongs to the bot Echo Bot"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 503}, "warning: not checked: the token endpoint answers HTTP 503"),
        ({"status": 404}, "error: the token endpoint answers HTTP 404; check WEBEX_TOKEN_SERVICE"),
        ({"html": True}, "error: the token endpoint gives no usable answer (answer is not a JSON object)"),
        ({"reset": True}, "error: the token endpoint gives no usable answer (ConnectionError)"),
    ],
)
def test_doctor_says_what_the_token_endpoint_answers(
    file_doctor: Doctor, cloud: Sandbox, fault: dict[str, Any], said: str
) -> None:
    with cloud.faults.token(**fault):
        assert file_doctor.line("client id and secret").startswith(said)


def test_doctor_does_not_take_any_endpoint_for_a_token_endpoint(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answer(200, {"access_token": "a"})) as server:
        monkeypatch.setenv("WEBEX_TOKEN_SERVICE", server.url)
        assert file_doctor.line("client id and secret").startswith(
            "error: an invalid refresh token was accepted"
        )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (900, r"warning: (8[5-9]\d|9[0-4]\d) s behind Webex's clock; synchronize"),
        (-900, r"warning: (8[5-9]\d|9[0-4]\d) s ahead of Webex's clock"),
        (0, "ok: same"),
    ],
)
def test_doctor_compares_the_clock_with_webex(
    file_doctor: Doctor, seconds: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds + 0.9), usegmt=True)
    with RawServer(answer(401, {}, Date=theirs)) as server:
        monkeypatch.setattr(RestSession, "BASE", server.url)
        assert re.match(said, file_doctor.line("clock"))


def test_doctor_reports_that_the_clock_cannot_be_compared(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bytes_ in (answer(401, {}), answer(401, {}, Date="yesterday")):
        with RawServer(bytes_) as server:
            monkeypatch.setattr(RestSession, "BASE", server.url)
            assert file_doctor.line("clock").startswith("warning: not checked: Webex did not send its time")
