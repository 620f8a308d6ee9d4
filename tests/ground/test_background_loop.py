"""What looks for work in the background: again and again, whatever fails, until it is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.waiting import wait_until

from webex_bot_auth.ground.background_loop import BackgroundLoop


class Looked:
    """Answers looks with what it is told, and then always that there is nothing."""

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers: Iterator[bool | Exception] = iter(answers)
        self.times = 0
        self.done = threading.Event()

    def __call__(self) -> bool:
        self.times += 1
        answer = next(self._answers, None)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            self.done.set()
        return bool(answer)


def test_an_outage_is_one_line_in_the_log_and_the_next_outage_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = OSError("no route")
    look = Looked(fault, fault, fault, False, fault, fault)
    loop = BackgroundLoop("things", look, 0.001)
    loop.start()
    assert look.done.wait(10)
    loop.close()
    assert caplog.messages == ["cannot look for things: no route"] * 2


def test_it_looks_again_at_once_while_there_may_be_more() -> None:
    look = Looked(True, True, True)
    loop = BackgroundLoop("things", look, 3600)
    loop.start()
    assert look.done.wait(10)
    loop.close()  # it does not wait for the hour
    assert look.times == 4


def test_it_is_started_once_and_not_after_it_was_closed() -> None:
    may_end, look = threading.Event(), Looked()

    def slowly() -> bool:
        look()
        return may_end.wait(10) and False

    loop = BackgroundLoop("things", slowly, 3600)
    loop.start()
    loop.start()
    wait_until(lambda: look.times, "it has looked")
    may_end.set()
    loop.close()
    loop.start()
    loop.close()
    assert look.times == 1
