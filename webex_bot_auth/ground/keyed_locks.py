"""One lock for each key, for the threads of this process; a key whose lock nobody uses costs nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class _Lock:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting = 0
        self.since = time.monotonic()  # held


class KeyedLocks:
    """Locks by key.

    Args:
        patient: threads that may wait for one lock as long as they want
        crowd_seconds: how long a lock may be held before all other threads give up waiting
    """

    def __init__(self, *, patient: int, crowd_seconds: float) -> None:
        self._patient = patient
        self._crowd_seconds = crowd_seconds
        self._creating = threading.Lock()
        self._locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()

    @contextmanager
    def hold(self, key: str, *, timeout: float) -> Iterator[bool]:
        """Hold the lock of a key.

        Args:
            key: any text
            timeout: maximum wait for the lock; seconds

        Yields:
            True, or False: not acquired in time, or too many others wait for it
        """
        with self._creating:
            one = self._locks.get(key)
            if one is None:
                one = self._locks[key] = _Lock()
        held = self._acquire(one, timeout)
        try:
            yield held
        finally:
            if held:
                one.lock.release()

    def _acquire(self, one: _Lock, timeout: float) -> bool:
        if not (held := one.lock.acquire(blocking=False)):
            with self._creating:
                place, one.waiting = one.waiting, one.waiting + 1
            try:
                if place >= self._patient:
                    timeout = min(timeout, max(0.0, one.since + self._crowd_seconds - time.monotonic()))
                held = one.lock.acquire(timeout=timeout)
            finally:
                with self._creating:
                    one.waiting -= 1
        if held:
            one.since = time.monotonic()
        return held
