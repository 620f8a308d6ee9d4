"""One lock for each key, for the threads of this process; a key whose lock nobody uses costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class KeyedLocks:
    """Locks by key."""

    def __init__(self) -> None:
        self._creating = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    @contextmanager
    def hold(self, key: str, *, timeout: float) -> Iterator[bool]:
        """Hold the lock of a key.

        Args:
            key: any text
            timeout: maximum wait for the lock; seconds

        Yields:
            True, or False: not acquired in time
        """
        with self._creating:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = threading.Lock()
        held = lock.acquire(timeout=timeout)
        try:
            yield held
        finally:
            if held:
                lock.release()
