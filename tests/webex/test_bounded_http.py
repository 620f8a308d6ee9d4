"""Every wait for Webex's REST API has an end, for this package's own calls and for those of commands."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest
import requests
from support.raw_server import RawServer
from support.waiting import wait_until
from support.whoami import Whoami
from support.wording import TEXTS
from wxc_sdk.rest import RestError, RestSession
from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserContext
from webex_bot_auth.chat.direct_messages import DirectMessages
from webex_bot_auth.errors import MessageNotSent, StoreUnavailable, TokenServiceUnavailable
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.webex import rest
from webex_bot_auth.webex.connections import Connections
from webex_bot_auth.webex.identity import identify
from webex_bot_auth.webex.rest import user_api

TOKENS = Tokens(access_token="token")


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OWN", "OF_COMMANDS"):
        short = dataclasses.replace(getattr(rest, name), read_seconds=0.3, total_seconds=0.6)
        monkeypatch.setattr(rest, name, short)


#: what is sent at once, and what drips after it
ENDLESS: dict[str, tuple[bytes, Iterable[int]]] = {
    "status line": (b"HTTP/1.1 2", cycle(b"0")),
    "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", cycle(b"x")),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", cycle(b"x")),
    "silence": (b"", b""),
    "too large": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000, b""),
}


@pytest.mark.holds(37)
@pytest.mark.usefixtures("short_limits")
@pytest.mark.timeout(20)  # answers here never end: a call without a limit would not end either
@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    before = set(threading.enumerate())
    with RawServer(*ENDLESS[kind]) as server:
        monkeypatch.setattr(RestSession, "BASE", server.url)
        with pytest.raises(TokenServiceUnavailable):
            identify(TOKENS, Connections())
        messages = DirectMessages("token", Connections())
        with pytest.raises(MessageNotSent):
            messages.send("person", "hello")
        if kind != "too large":
            with pytest.raises(requests.RequestException):
                user_api(TOKENS, Connections()).people.me()
        wait_until(
            lambda: (
                not any(
                    thread.name.startswith("webex_bot_auth") for thread in set(threading.enumerate()) - before
                )
            ),
            "no thread is left behind",
        )


@pytest.mark.holds(37)
def test_ten_messages_that_hang_hold_up_no_other(
    webex_sandbox: WebexSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "OWN", dataclasses.replace(rest.OWN, read_seconds=60.0, total_seconds=60.0))
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(12)]
    messages = DirectMessages(webex_sandbox.add_bot("Echo Bot").token, Connections())
    sent: list[Person] = []

    def send(person: Person) -> None:
        messages.send(person.id, "hello")
        sent.append(person)

    with ThreadPoolExecutor(12) as pool:
        with webex_sandbox.faults.rest("/v1/messages", hang=True, times=11) as hanging:
            waiting = [pool.submit(send, person) for person in people[:11]]
            wait_until(lambda: hanging.seen == 11, "eleven messages hang")
            send(people[11])  # while the others wait
            assert sent == [people[11]]
            hanging.clear()
        for one in waiting:
            one.result()


@pytest.mark.holds(43)
def test_rate_limits_are_waited_out_for_a_second_at_least_and_not_for_ever(
    webex_sandbox: WebexSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("webex_bot_auth.webex.bounded_http.time.sleep", waits.append)
    alice = webex_sandbox.add_person("Alice Adams")
    api = user_api(Tokens(access_token=alice.token), Connections())
    with webex_sandbox.faults.rest("/v1/people/me", status=429, retry_after=0, times=2):
        assert api.people.me().display_name == "Alice Adams"
    assert waits == [1.0, 1.0]
    with webex_sandbox.faults.rest("/v1/people/me", status=429, retry_after=3600), pytest.raises(RestError):
        api.people.me()
    assert waits == [1.0, 1.0]
    monkeypatch.setattr(rest, "OF_COMMANDS", rest.OF_BOTS)
    bot = webex_sandbox.run(Whoami)
    with webex_sandbox.faults.rest("/v1/people/me", status=429, retry_after=1):
        bot.manager.set_user_context(
            user_id=alice.id,
            user_context=UserContext(user_id=alice.id, tokens=Tokens(access_token=alice.token)),
        )
        assert bot.ask(alice, "whoami").text == TEXTS.webex_busy


def test_a_message_waits_out_rate_limits_for_a_short_time(
    webex_sandbox: WebexSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("webex_bot_auth.webex.bounded_http.time.sleep", waits.append)
    monkeypatch.setattr("webex_bot_auth.chat.direct_messages.RATE_LIMIT_SECONDS", 60.0)
    alice = webex_sandbox.add_person("Alice Adams")
    messages = DirectMessages(webex_sandbox.add_bot("Echo Bot").token, Connections())
    with webex_sandbox.faults.rest("/v1/messages", method="POST", status=429, retry_after=2, times=1):
        assert messages.send(alice.id, "hello")
    assert waits == [2.0]
    with webex_sandbox.faults.rest("/v1/messages", method="POST", status=429, retry_after=3600) as fault:
        with pytest.raises(MessageNotSent):
            messages.send(alice.id, "hello again")
        assert fault.seen == 1
    assert waits == [2.0]


@pytest.mark.holds(50)
def test_netrc_does_not_replace_a_token(
    webex_sandbox: WebexSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    bot, alice = webex_sandbox.run(Whoami), webex_sandbox.add_person("Alice Adams")
    monkeypatch.setenv("NETRC", str(netrc))  # WebexBot itself asks Webex before it can be registered
    asked = bot.hears(alice, "whoami")
    assert bot.press_login(bot.login_card(alice), alice).status_code == 200
    assert bot.answer_to(asked, "You are Alice Adams")


@pytest.mark.parametrize("given", ["a good token", "none", "a failure"])
def test_a_refused_token_is_renewed_once_and_the_second_refusal_is_the_callers(
    webex_sandbox: WebexSandbox, given: str
) -> None:
    alice, renewals = webex_sandbox.add_person("Alice Adams"), list[str]()

    def renew() -> Tokens | None:
        renewals.append(given)
        if given == "a failure":
            raise StoreUnavailable("store", "is away")
        return Tokens(access_token=alice.token) if given == "a good token" else None

    api = user_api(Tokens(access_token="refused"), Connections(), renew)
    with webex_sandbox.faults.rest("/v1/people", status=401, times=3) as refused, pytest.raises(RestError):
        api.people.me()
    assert len(renewals) == 1
    assert refused.seen == (2 if given == "a good token" else 1)


def test_a_request_with_a_token_that_was_renewed_meanwhile_is_sent_with_the_present_one(
    webex_sandbox: WebexSandbox,
) -> None:
    renewals = list[int]()
    tokens = Tokens(access_token=webex_sandbox.add_person("Alice Adams").token)
    session = user_api(tokens, Connections(), lambda: renewals.append(1)).session
    url, old = f"{webex_sandbox.url}/v1/people/me", {"Authorization": "Bearer old"}
    assert session.get(url, headers=old).status_code == 200
    once = iter([b"{}"])  # a body that is gone after the first time
    assert session.post(f"{webex_sandbox.url}/v1/rooms", data=once, headers=old).status_code == 401
    assert renewals == []
