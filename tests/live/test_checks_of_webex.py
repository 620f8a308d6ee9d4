"""The checks of ``make live`` hold in the sandbox, unchanged, and their table says nothing that is secret."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from support.documented import ROOT
from support.redis_server import free_port
from wxc_sdk.integration import Integration

from webex_bot_auth.sandbox import Person, Sandbox, environment

sys.path.insert(0, str(ROOT))

from live.__main__ import main
from live.checks import CHECKS
from live.results import Outcome, Unchecked, Why, outcome, table

SCOPES = "spark:all spark:kms"


@pytest.fixture
def registered(cloud: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Integration:
    """An integration and a bot, whose settings are in the environment."""
    integration = cloud.integration(f"http://127.0.0.1:{free_port()}/redirect", SCOPES)
    for name, value in environment.variables(cloud, cloud.add_bot("Echo Bot"), integration).items():
        monkeypatch.setenv(name, value)
    return integration


@pytest.fixture
def clicks(alice: Person, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Alice accepts on each page that is opened; the pages so far."""
    opened: list[str] = []

    def accept(url: str) -> None:
        opened.append(url)
        address = urlsplit(url)
        code = {"user_code": address.query.partition("=")[2]} if address.path == "/device" else {}
        requests.post(url, data={"decision": "approve", "person": alice.id, **code}, timeout=30)

    monkeypatch.setattr(webbrowser, "open", accept)
    return opened


def printed_rows(text: str) -> dict[str, str]:
    """The results in a table, by their claims."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {claim: result for _, claim, result in rows[2:]}


@pytest.mark.holds(76)
def test_every_claim_holds_in_the_sandbox(
    cloud: Sandbox, registered: Integration, clicks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with cloud.faults.rest("/v1/rooms", status=429, retry_after=1, times=1) as limited:
        assert main() == 0
    out, err = capsys.readouterr()
    rows = printed_rows(out)
    assert "brought no login" not in err
    assert {claim: result for claim, result in rows.items() if result != "holds"} == {}
    assert len(rows) == len(CHECKS)
    assert len(clicks) == 2
    assert limited.seen == 1
    assert not [one.title for one in cloud.rooms()]
    for person in cloud.people():
        own = {"Authorization": f"Bearer {person.token}"}
        devices = requests.get(f"{cloud.url}/wdm/api/v1/devices", headers=own, timeout=10)
        assert devices.status_code == 404, person  # none are left
    known = {*cloud.secrets(), *(part for one in cloud.people() for part in (one.id, one.uuid, one.email))}
    assert not [secret for secret in {*known, registered.client_id} if secret in out]


def test_what_does_not_hold_is_said(
    cloud: Sandbox, registered: Integration, clicks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.oauth.access_token_lifetime, cloud.oauth.device_interval = 64800, 1
    cloud.oauth.refresh_returns_same_token = cloud.oauth.rotate_refresh_token = True
    with cloud.faults.rest("/v1/attachment/actions", status=403), cloud.faults.websocket(refuse=503):
        main()
    rows = printed_rows(capsys.readouterr().out)
    assert {claim: result for claim, result in rows.items() if result.startswith("does")} == {
        "A device code lives for 300 s, and may be polled every 2 s.": "does not hold",
        "A refresh answers with the same refresh token.": "does not hold",
        "A refresh within minutes answers with a new access token.": "does not hold",
        "An access token lives for 14 days, a refresh token for 90 days.": "does not hold: 64800 s",
    }
    unchecked = {result for result in rows.values() if result.startswith("could")}
    assert unchecked == {
        f"could not be checked: {why}" for why in ("HTTP 403", "no connection", "it did not happen")
    }


def test_without_a_click_the_rest_is_checked(
    cloud: Sandbox,
    registered: Integration,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: None)
    monkeypatch.setattr("live.clicks.WAIT", 0.1)
    main()
    out, err = capsys.readouterr()
    rows = printed_rows(out)
    assert err.count("brought no login: refused, or too late") == 2
    counts = {result: [*rows.values()].count(result) for result in rows.values()}
    assert counts.keys() == {
        "holds",
        *(f"could not be checked: {why}" for why in ("nobody logged in", "it did not happen")),
    }
    assert counts["holds"] > 20


def test_no_time_is_left_for_an_endless_wait(
    cloud: Sandbox, registered: Integration, clicks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with cloud.faults.rest("/v1/rooms", status=429, retry_after=3600):
        main()
    assert "could not be checked: HTTP 429, to wait 3600 s" in printed_rows(capsys.readouterr().out).values()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WEBEX_BOT_TOKEN", "", "set WEBEX_BOT_TOKEN"),
        ("WEBEX_SCOPES", "", "set WEBEX_SCOPES"),
        ("WEBEX_API_URL", "ftp://x", "WEBEX_API_URL"),
        ("WEBEX_REDIRECT_URL", "https://bot.example.com/redirect", "http://localhost:PORT/"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_said(
    registered: Integration,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 2
    assert says in capsys.readouterr().err


HOSTILE = "alice@example.com | Bearer abc_PF84_x\n<b>"


def fails_with(error: BaseException) -> Callable[[Any], object]:
    """A check that fails."""

    def check(webex: object) -> object:
        """A claim."""
        raise error

    return check


def finds(found: object) -> Callable[[Any], object]:
    """A check that finds something."""

    def check(webex: object) -> object:
        """A claim."""
        return found

    return check


@pytest.mark.holds(76)
@pytest.mark.parametrize(
    "check",
    [
        *(
            fails_with(error)
            for error in (
                requests.ConnectionError(HOSTILE),
                requests.Timeout(HOSTILE),
                requests.JSONDecodeError(HOSTILE, "", 0),
                KeyError(HOSTILE),
                RuntimeError(HOSTILE),
                type(HOSTILE[:5], (Exception,), {})(HOSTILE),
                Unchecked(HOSTILE, HOSTILE),
                Unchecked(Why.STATUS, HOSTILE),
                Unchecked(Why.STATUS, 123456789012),
            )
        ),
        *(finds(found) for found in (HOSTILE, [HOSTILE], None, Outcome(HOSTILE), Outcome(False, HOSTILE, 4))),
        finds(Outcome(False, Why.SECONDS, type("Number", (int,), {"__format__": lambda *_: HOSTILE})(4))),
    ],
)
def test_nothing_of_an_answer_gets_into_the_table(check: Callable[[Any], object]) -> None:
    printed = table([("topic", check, outcome(check, None))])
    row = printed.splitlines()[-1]
    assert row.startswith("| topic | A claim. | ")
    assert row.count("|") == 4
    assert not [part for part in ("alice", "abc", "PF84", "<b>", "123456789012") if part in printed]
