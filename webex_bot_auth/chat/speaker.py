"""Sends messages in the background: in order for each person, and no person waits for another."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..ground.forks import start_afresh_now_and_after_forks

log = logging.getLogger(__name__)

#: people to whom something is said at the same time
AT_ONCE = 32
#: maximum wait, at the end, for what is still to be said; seconds
CLOSE_SECONDS = 15.0

Job = Callable[[], None]


class Speaker:
    """Runs jobs in the background, one after the other for each person."""

    def __init__(self) -> None:
        self._closed = False
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`; what waits is left to the process in which it was said."""
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Job]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webex_bot_auth-speaker")

    def say(self, user_id: str, job: Job) -> None:
        """Run a job after all that was said to this person before; at once where this, or Python, closes."""
        with self._changed:
            if not self._closed and self._is_taken(user_id, job):
                return
        _run(job, user_id)

    def _is_taken(self, user_id: str, job: Job) -> bool:
        if user_id not in self._waiting:
            try:
                self._pool.submit(self._run_all, user_id)
            except RuntimeError:  # the interpreter is about to exit
                return False
        self._waiting.setdefault(user_id, deque()).append(job)
        return True

    def close(self) -> None:
        """Wait until all is said, for :data:`CLOSE_SECONDS` at most. May be called twice."""
        with self._changed:
            self._closed = True
            done = self._changed.wait_for(lambda: not self._waiting, CLOSE_SECONDS)
            for user_id, jobs in self._waiting.items():
                log.warning("%d messages to user %s not sent: closed", len(jobs), user_id)
                jobs.clear()
        self._pool.shutdown(wait=done)

    def _run_all(self, user_id: str) -> None:
        while job := self._next(user_id):
            _run(job, user_id)

    def _next(self, user_id: str) -> Job | None:
        with self._changed:
            if waiting := self._waiting.get(user_id):
                return waiting.popleft()
            self._waiting.pop(user_id, None)
            self._changed.notify_all()
            return None


def _run(job: Job, user_id: str) -> None:
    try:
        job()
    except BaseException:  # the end of the thread, and the next message is to be sent
        log.exception("user %s not told", user_id)
