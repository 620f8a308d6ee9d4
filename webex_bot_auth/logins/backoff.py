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


class Backoff:
    """Waits of users, and of a service that all of them use; in bounded memory. Waits are in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[str, tuple[int, float]] = {}  # failures in a row, and when to try again
        self._failing: set[str] = set()  # users who failed since the service answered last

    def remaining(self, user_id: str) -> float:
        """Until the next try is due after a failure, of the user or of the service; 0.0: now."""
        return max((self._remaining(key) for key in (user_id, _SERVICE) if self._failures(key)), default=0.0)

    def paused(self, user_id: str) -> bool:
        """Whether the user has failed, or succeeded, too short a time ago for another try."""
        return self._remaining(user_id) > 0 or self.remaining(user_id) > 0

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
            self._waits.pop(_SERVICE, None)
            self._waits.pop(user_id, None)
            if pause:
                self._put(user_id, 0, pause)

    def _failures(self, key: str) -> int:
        return self._waits.get(key, (0, 0.0))[0]

    def _remaining(self, key: str) -> float:
        return max(0.0, self._waits.get(key, (0, 0.0))[1] - time.monotonic())

    def _fail(self, key: str, retry_after: float | None) -> None:
        failures = self._failures(key) + 1
        wait = min(MAX_WAIT, FIRST_WAIT * 2.0 ** (min(failures, 10) - 1))
        self._put(key, failures, max(wait, retry_after or 0.0))

    def _put(self, key: str, failures: int, wait: float) -> None:
        self._waits.pop(key, None)
        if len(self._waits) >= MAX_KEYS:
            self._waits.pop(next(iter(self._waits)))
        self._waits[key] = (failures, time.monotonic() + wait)
