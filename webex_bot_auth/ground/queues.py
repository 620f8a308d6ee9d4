"""Runs jobs in the background: those of one user in order, and no user holds up another."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from math import inf

log = logging.getLogger(__name__)

#: what it returns is dropped, what it raises is logged
Job = Callable[[], object]


class Queues:
    """A queue of jobs for each user, and threads that serve the users in turn.

    Jobs of one user begin in the order in which they were submitted. Threads start when they are needed.
    At its end, Python waits for all jobs; after :meth:`close`, for those that have begun. A forked process
    makes queues of its own.

    Args:
        name: what the jobs are for, in the log and in the names of the threads
        workers: how many jobs run at the same time
        share: how many of them may be one user's; with 1, a job begins when the user's previous one has ended
        waiting_of_one: how many jobs of one user may wait
        waiting: how many jobs may wait in all
    """

    def __init__(
        self, name: str, workers: int = 32, share: int = 1, waiting_of_one: float = inf, waiting: float = inf
    ) -> None:
        self._name, self._workers, self._share = name, workers, share
        self._most_of_one, self._most = waiting_of_one, waiting
        self._changed = threading.Condition()
        # of users with jobs; the next one is first
        self._waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._active = 0  # workers that take jobs until there is none to begin
        self._closed = False
        self._pool = ThreadPoolExecutor(workers, f"webex_bot_auth-{name}")

    def submit(self, user_id: str, job: Job) -> bool:
        """Put a job at the end of a user's queue.

        Returns:
            False: the job will not run, as too many wait, the queues are closed, or Python is about to exit
        """
        with self._changed:
            all_waiting = sum(map(len, self._waiting.values()))
            if self._closed or self.waiting(user_id) >= self._most_of_one or all_waiting >= self._most:
                return False
            if self._active < self._workers:
                try:
                    self._pool.submit(self._work)
                    self._active += 1
                except RuntimeError:  # Python is about to exit, or the system has no thread left
                    if self._active < 1:  # else the job is taken by a worker that is there
                        return False
            self._waiting.setdefault(user_id, deque()).append(job)
            return True

    def submit_or_run(self, user_id: str, job: Job) -> None:
        """Submit a job that must not be lost: where it cannot be submitted, run it now, in this thread."""
        if not self.submit(user_id, job):
            self._run(user_id, job)

    def waiting(self, user_id: str) -> int:
        """Count the jobs of a user that have not begun."""
        return len(self._waiting.get(user_id, ()))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until no job waits or runs, for so long at most; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._running, seconds)

    def close(self, seconds: float) -> Mapping[str, Collection[Job]]:
        """Take no more jobs, wait until all are done, and begin none after that. May be called twice.

        Args:
            seconds: maximum wait; a job that still runs then is left to end

        Returns:
            the jobs that have not begun and never will, of each user in their order
        """
        with self._changed:
            self._closed = True
            is_done = self.wait(seconds)
            left, self._waiting = self._waiting, OrderedDict()
            self._changed.notify_all()
        self._pool.shutdown(wait=is_done)
        return left

    def _work(self) -> None:
        """Take jobs until there is none to begin: of the next user whose share is not used up."""
        while True:
            with self._changed:
                user_id = next((one for one in self._waiting if self._running[one] < self._share), None)
                if user_id is None:
                    self._active -= 1
                    return
                job = self._waiting[user_id].popleft()
                self._waiting.move_to_end(user_id)
                if not self._waiting[user_id]:
                    del self._waiting[user_id]
                self._running[user_id] += 1
            self._run(user_id, job)
            with self._changed:
                self._running -= Counter([user_id])  # keeps nobody for whom nothing runs
                self._changed.notify_all()

    def _run(self, user_id: str, job: Job) -> None:
        try:
            job()
        except BaseException:  # the end of the thread would swallow it, and the next job is to run
            log.exception("%s: a job of user %s failed", self._name, user_id)
