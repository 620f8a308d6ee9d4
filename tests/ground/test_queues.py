"""Jobs of one user run in order, users take turns, and what did not begin is known at the end."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from webex_bot_auth.ground.queues import Queues


class Held:
    """A job that runs until the test lets it end; may be submitted several times.

    Attributes:
        may_end: lets all runs end
    """

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self._started = threading.Semaphore(0)

    def __call__(self) -> None:
        self._started.release()
        assert self.may_end.wait(20)

    def wait_until_started(self, times: int = 1) -> None:
        for _ in range(times):
            assert self._started.acquire(timeout=20)


@pytest.fixture
def held() -> Iterator[Held]:
    job = Held()
    yield job
    job.may_end.set()


def test_jobs_of_one_user_run_in_their_order_and_those_that_hang_hold_up_nobody(held: Held) -> None:
    queues, told = Queues("jobs"), list[int]()
    for number in range(10):
        assert queues.submit(f"user {number}", held)
    for number in range(100):
        assert queues.submit("alice", partial(told.append, number))
    assert queues.submit("alice", (done := threading.Event()).set)
    assert done.wait(20)
    assert told == list(range(100))


@pytest.mark.parametrize("share", [1, 2, 3])
def test_a_users_share_of_the_workers_runs_and_the_rest_is_left_to_others(held: Held, share: int) -> None:
    queues, ran = Queues("jobs", workers=4, share=share), list[str]()
    for _ in range(share):
        queues.submit("alice", held)
    queues.submit("alice", partial(ran.append, "alice"))
    held.wait_until_started(share)
    for name in ("bob", "carol"):
        queues.submit(name, partial(ran.append, name))
        queues.submit(name, (done := threading.Event()).set)
        assert done.wait(20)
    assert ran == ["bob", "carol"]
    held.may_end.set()
    assert queues.wait(20)
    assert ran == ["bob", "carol", "alice"]


def test_no_more_jobs_run_at_the_same_time_than_there_are_workers(held: Held) -> None:
    queues, ran = Queues("jobs", workers=2), list[str]()
    for name in ("alice", "bob"):
        queues.submit(name, held)
    queues.submit("carol", partial(ran.append, "carol"))
    held.wait_until_started(2)
    assert (queues.waiting("carol"), queues.waiting("alice"), ran) == (1, 0, [])
    held.may_end.set()
    assert queues.wait(20)
    assert ran == ["carol"]


def test_users_take_turns(held: Held) -> None:
    queues, ran = Queues("jobs", workers=1), list[tuple[str, int]]()
    queues.submit("first", held)
    held.wait_until_started()
    for name, count in {"flood": 5, "one": 1, "two": 2}.items():
        for number in range(count):
            queues.submit(name, partial(ran.append, (name, number)))
    held.may_end.set()
    assert queues.wait(20)
    assert [name for name, _ in ran] == ["flood", "one", "two", "flood", "two", "flood", "flood", "flood"]
    assert [number for name, number in ran if name == "flood"] == [0, 1, 2, 3, 4]


def test_of_one_user_and_in_all_so_many_may_wait(held: Held) -> None:
    queues, ran = Queues("jobs", workers=1, waiting_of_one=2, waiting=3), list[str]()
    queues.submit("alice", held)
    held.wait_until_started()  # it does not wait any more
    assert [queues.submit("alice", partial(ran.append, "alice")) for _ in range(3)] == [True, True, False]
    assert [queues.submit("bob", partial(ran.append, "bob")) for _ in range(2)] == [True, False]
    held.may_end.set()
    assert queues.wait(20)
    assert ran == ["alice", "bob", "alice"]
    assert queues.submit("alice", partial(ran.append, "again"))
    assert queues.wait(20)
    assert ran[3:] == ["again"]


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_a_job_that_fails_is_in_the_log_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error("why")

    queues = Queues("jobs", workers=1)
    queues.submit("alice", fail)
    queues.submit("alice", (done := threading.Event()).set)
    assert done.wait(20)
    assert "jobs: a job of user alice failed" in caplog.text
    assert f"{error.__name__}: why" in caplog.text


class TestClosing:
    def test_what_waits_is_run_and_what_comes_later_is_refused(self, held: Held) -> None:
        queues, ran = Queues("jobs"), list[str]()
        queues.submit("alice", held)
        queues.submit("alice", partial(ran.append, "waits"))
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(queues.close, 20)
            held.may_end.set()
            assert not closing.result(20)
        assert ran == ["waits"]
        assert not queues.submit("alice", partial(ran.append, "later"))
        assert not queues.close(20)
        assert ran == ["waits"]

    def test_what_has_not_begun_in_time_is_returned_and_does_not_run(self, held: Held) -> None:
        queues, ran = Queues("jobs", workers=1), list[str]()
        jobs = [partial(ran.append, f"job {number}") for number in range(3)]
        queues.submit("alice", held)
        held.wait_until_started()
        for name, job in zip(("alice", "bob", "bob"), jobs, strict=True):
            queues.submit(name, job)
        left = queues.close(0)
        assert not queues.submit("alice", partial(ran.append, "later"))
        assert {name: list(of_one) for name, of_one in left.items()} == {"alice": jobs[:1], "bob": jobs[1:]}
        assert not queues.wait(0)
        held.may_end.set()
        assert queues.wait(20)  # what had begun ends
        assert ran == []
        assert not queues.close(0)

    def test_a_job_that_must_not_be_lost_runs_in_the_callers_thread(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        queues, ran_in = Queues("jobs"), list[int]()
        queues.close(0)
        queues.submit_or_run("alice", lambda: ran_in.append(threading.get_ident()))
        queues.submit_or_run("alice", sys.exit)
        assert ran_in == [threading.get_ident()]
        assert "a job of user alice failed" in caplog.text

    def test_no_thread_stays(self, held: Held) -> None:
        closed, dropped = Queues("closed"), Queues("dropped")
        for queues in (closed, dropped):
            for number in range(5):
                queues.submit(f"user {number}", held)
        held.wait_until_started(10)
        threads = [one for one in threading.enumerate() if one.name.startswith("webex_bot_auth-closed")]
        assert len(threads) == 5
        held.may_end.set()
        closed.close(20)
        assert not any(one.is_alive() for one in threads)
        assert dropped.wait(20)
        threads = [one for one in threading.enumerate() if one.name.startswith("webex_bot_auth-dropped")]
        del queues, dropped
        gc.collect()
        for one in threads:
            one.join(20)
            assert not one.is_alive()


#: the first job runs until Python exits, as other pools tell; handlers of atexit run after that
AT_THE_END = """
import atexit
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from webex_bot_auth.ground.queues import Queues
queues = Queues("jobs")
def last():
    for word in ("third", "fourth"):
        assert not queues.submit("alice", partial(print, "lost"))
        queues.submit_or_run("alice", partial(print, word))
    queues.close(15)
atexit.register(last)
others = ThreadPoolExecutor(1)
def first():
    try:
        while True:
            others.submit(int).result()
    except RuntimeError:
        print("first")
    assert queues.submit("alice", partial(print, "while exiting"))
queues.submit("alice", first)
queues.submit("alice", partial(print, "second"))
"""


@pytest.mark.timeout(30)
def test_python_waits_at_its_end_for_what_runs_and_waits() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", AT_THE_END], capture_output=True, text=True, check=True
    )
    assert (done.stdout.splitlines(), done.stderr) == (
        ["first", "second", "while exiting", "third", "fourth"],
        "",
    )


class TestNoThreadCanBeStarted:
    def test_nothing_is_lost_or_run_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        queues, ran = Queues("jobs", workers=2), list[str]()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", _cannot_start)
            for _ in range(5):
                assert not queues.submit("alice", partial(ran.append, "refused"))
                queues.submit_or_run("alice", partial(ran.append, "run here"))
        assert ran == ["run here"] * 5
        for name in ("alice", "alice", "bob"):
            assert queues.submit(name, partial(ran.append, name))
        assert not queues.close(20)
        assert sorted(ran[5:]) == ["alice", "alice", "bob"]

    def test_a_worker_that_is_there_takes_the_job(self, monkeypatch: pytest.MonkeyPatch, held: Held) -> None:
        queues, ran = Queues("jobs"), list[str]()
        queues.submit("alice", held)
        held.wait_until_started()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", _cannot_start)
            assert queues.submit("bob", partial(ran.append, "bob"))
        assert ran == []
        held.may_end.set()
        assert queues.wait(20)
        assert ran == ["bob"]


def _cannot_start(_: Any) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.holds(49)
def test_users_without_jobs_cost_nothing() -> None:
    queues, users = Queues("jobs", workers=4, share=2), 3_000

    def visit(number: int) -> None:
        queues.submit(f"{number:01000d}", bytearray(1000).clear)

    tracemalloc.start()
    try:
        for number in range(100):
            visit(number)
        assert queues.wait(20)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(users):
            visit(number)
        assert queues.wait(20)
        assert tracemalloc.get_traced_memory()[0] - before < 100 * users  # a user id has 1,000 characters
    finally:
        tracemalloc.stop()
