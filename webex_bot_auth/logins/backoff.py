"""When to try again: waits that double with each failure, so that an outage costs few calls."""

from __future__ import annotations

import threading
import time

from ..ground.forks import start_afresh_now_and_after_forks

FIRST_WAIT = 1.0
MAX_WAIT = 60.0
MAX_KEYS = 10_000
#: one user's failures stop nobody else; failures of so many users in a row are an outage
USERS_IN_AN_OUTAGE = 3

_SERVICE = ""  # key of the service as a whole; user ids are never empty

#: by key: failures in a row, and when to try again
Waits = dict[str, tuple[int, float]]


class Backoff:
    """Waits of users, and of a service that all of them use; in bounded memory. Waits are in seconds."""

    def __init__(self) -> None:
        self._failures: Waits = {}
        self._pauses: Waits = {}  # of users who succeeded: they must not displace failures
        self._failing: set[str] = set()  # users who failed since the service answered last
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._lock = threading.Lock()

    def remaining(self, user_id: str) -> float:
        """Until the next try is due after a failure, of the user or of the service; 0.0: now."""
        return max(_remaining(self._failures, user_id), _remaining(self._failures, _SERVICE))

    def paused(self, user_id: str) -> bool:
        """Whether the user has failed, or succeeded, too short a time ago for another try."""
        return self.remaining(user_id) > 0 or _remaining(self._pauses, user_id) > 0

    def failed(self, user_id: str, *, retry_after: float | None = None, passing: bool = False) -> None:
        """A try failed.

        Args:
            user_id: whose try
            retry_after: wait that the service asked for
            passing: whether the service may be the cause
        """
        with self._lock:
            self._fail(user_id, retry_after)
            if passing and len(self._failing) < USERS_IN_AN_OUTAGE:
                self._failing.add(user_id)
            if len(self._failing) >= USERS_IN_AN_OUTAGE:
                self._fail(_SERVICE, None)

    def succeeded(self, user_id: str, *, pause: float = 0.0) -> None:
        """A try succeeded.

        Args:
            user_id: whose try
            pause: for how long another try makes no sense
        """
        with self._lock:
            self._failing.clear()
            self._failures.pop(_SERVICE, None)
            self._failures.pop(user_id, None)
            _put(self._pauses, user_id, 0, pause)

    def _fail(self, key: str, retry_after: float | None) -> None:
        failures = self._failures.get(key, (0, 0.0))[0] + 1
        wait = min(MAX_WAIT, FIRST_WAIT * 2.0 ** (min(failures, 10) - 1))
        _put(self._failures, key, failures, max(wait, retry_after or 0.0))


def _remaining(waits: Waits, key: str) -> float:
    return max(0.0, waits.get(key, (0, 0.0))[1] - time.monotonic())


def _put(waits: Waits, key: str, failures: int, wait: float) -> None:
    waits.pop(key, None)
    if len(waits) >= MAX_KEYS:
        waits.pop(next(iter(waits)))
    waits[key] = (failures, time.monotonic() + wait)
