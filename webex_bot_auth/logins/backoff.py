"""When to try again: waits that double with each failure, so that an outage costs few calls."""

from __future__ import annotations

import threading
import time

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
        self._pauses: Waits = {}  # after successes: they must not displace failures
        self._failing: set[str] = set()  # users who failed since the service answered last
        self._lock = threading.Lock()

    def remaining(self, user_id: str) -> float:
        """Return the time until the next try after a failure, of the user or the service; 0.0: now."""
        return max(_remaining(self._failures, user_id), _remaining(self._failures, _SERVICE))

    def paused(self, key: str) -> bool:
        """Return whether a pause of this user, or of something else, has not ended yet."""
        return _remaining(self._pauses, key) > 0

    def pause(self, key: str, seconds: float) -> None:
        """Begin a pause, for which another try makes no sense."""
        with self._lock:
            _put(self._pauses, key, 0, seconds)

    def failed(self, user_id: str, *, retry_after: float | None = None, passing: bool = False) -> None:
        """Note that a user's try failed.

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

    def succeeded(self, user_id: str) -> None:
        """Note that a user's try succeeded, and that the service works."""
        with self._lock:
            self._failing.clear()
            self._failures.pop(_SERVICE, None)
            self._failures.pop(user_id, None)

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
