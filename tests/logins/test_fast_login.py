"""Between the browser's return and the page there are two HTTP calls; what is said in chat comes in order."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS

from webex_bot_auth.chat import speaker
from webex_bot_auth.chat.speaker import Speaker
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox


def test_the_page_waits_for_the_exchange_and_people_me_alone(
    cloud: WebexSandbox, either_manager: Make, alice: Person
) -> None:
    bot = cloud.run(Whoami, manager=either_manager)
    card = bot.login_card(alice, after=bot.hears(alice, "whoami"))
    cloud.calls.clear()
    with cloud.faults.rest("/v1/messages", hang=True):  # all that is said in chat hangs
        assert bot.press_login(card, alice).status_code == 200
        waited_for = [call.path for call in cloud.calls if call.person == alice or call.form.get("code")]
        assert waited_for == ["/v1/access_token", "/v1/people/me"]
        assert bot.said(alice) == [card.text]
    bot.answer_to(card, "You are Alice Adams")
    said = bot.said(alice)
    welcome = TEXTS.command_runs.format(name="Alice Adams", command="whoami")
    assert said.index(welcome) < said.index("You are Alice Adams")


@pytest.fixture
def spoken() -> Iterator[Speaker]:
    spoken = Speaker()
    yield spoken
    spoken.close()


def test_each_person_is_told_in_order_and_ten_that_hang_hold_up_nobody(spoken: Speaker) -> None:
    hang, told, done = threading.Event(), list[int](), threading.Event()
    for number in range(10):
        spoken.say(f"person {number}", lambda: hang.wait(20) and None)
    for number in range(100):
        spoken.say("alice", lambda number=number: told.append(number))  # type: ignore[misc]
    spoken.say("alice", done.set)
    assert done.wait(20)
    assert told == list(range(100))
    hang.set()


def test_what_was_said_before_the_end_is_still_said_and_what_comes_later_too(spoken: Speaker) -> None:
    may_go, told = threading.Event(), list[str]()
    spoken.say("alice", lambda: may_go.wait(20) and told.append("first"))  # type: ignore[func-returns-value]
    spoken.say("alice", lambda: told.append("second"))
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(spoken.close)
        may_go.set()
        closing.result(20)
    assert told == ["first", "second"]
    spoken.say("alice", lambda: told.append("third"))
    assert told[-1] == "third"


def test_the_end_does_not_wait_for_ever(spoken: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker, "CLOSE_SECONDS", 0.01)
    may_go, told = threading.Event(), list[str]()
    spoken.say("alice", lambda: may_go.wait(20) and None)
    spoken.say("alice", lambda: told.append("too late"))
    spoken.close()
    may_go.set()
    assert told == []


#: handlers of atexit run when no pool of threads takes anything any more
AT_THE_END = """
import atexit
from webex_bot_auth.chat.speaker import Speaker
speaker = Speaker()
def last():
    for words in ("first", "second"):
        speaker.say("alice", lambda words=words: print(words))
    speaker.close()
atexit.register(last)
"""


@pytest.mark.timeout(30)
def test_what_is_said_while_python_exits_is_said_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AT_THE_END], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("first\nsecond\n", "")


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_one_that_fails_does_not_keep_back_the_next(
    spoken: Speaker, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error("why")

    told = threading.Event()
    spoken.say("alice", fail)
    spoken.say("alice", told.set)
    assert told.wait(20)
    assert "user alice not told" in caplog.text
