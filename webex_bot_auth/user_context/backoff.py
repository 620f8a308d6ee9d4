"""When to try again: waits that double with each failure, so that an outage costs few calls."""

from __future__ import annotations

import threading
import time

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
MOST_KEYS = 10_000


class Backoff:
    """Waits by key, in seconds, in bounded memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[str, tuple[int, float]] = {}  # failures in a row, and when to try again

    def remaining(self, key: str) -> float:
        """Seconds until the next try is due; 0.0: now."""
        return max(0.0, self._waits.get(key, (0, 0.0))[1] - time.monotonic())

    def failed(self, key: str, retry_after: float | None = None) -> None:
        """A try failed.

        :param retry_after: what the other side asked to wait for
        """
        with self._lock:
            failures = self._waits.get(key, (0, 0.0))[0] + 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (min(failures, 10) - 1))
            self._put(key, failures, max(wait, retry_after or 0.0))

    def pause(self, key: str, seconds: float) -> None:
        """It worked; no need to try again for a while."""
        with self._lock:
            self._put(key, 0, seconds)

    def succeeded(self, key: str) -> None:
        with self._lock:
            self._waits.pop(key, None)

    def _put(self, key: str, failures: int, wait: float) -> None:
        self._waits.pop(key, None)
        if len(self._waits) >= MOST_KEYS:
            self._waits.pop(next(iter(self._waits)))
        self._waits[key] = (failures, time.monotonic() + wait)
