"""Which things have changed, in order, so that a page fetches only what it has not seen."""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable


class Feed:
    """Numbers all changes; each change is of one thing, which has a kind and a key.

    Attributes:
        run: An ID of this sandbox; another one after it was started again.
    """

    def __init__(self) -> None:
        self.run = secrets.token_hex(8)
        self._changed = threading.Condition(threading.RLock())
        self._number = 0
        self._closed = False
        # by kind and key, the number of the latest change; in the order of these numbers
        self._numbers: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._latest: dict[str, int] = {}

    @property
    def number(self) -> int:
        """Number of the latest change."""
        with self._changed:
            return self._number

    def touch(self, kind: str, key: str = "") -> None:
        """Note that a thing has changed."""
        with self._changed:
            self._number += 1
            self._numbers[kind].pop(key, None)
            self._numbers[kind][key] = self._latest[kind] = self._number
            self._changed.notify_all()

    def since(self, kind: str, number: int) -> list[str]:
        """Return the keys of the things that have changed after a change, in the order of their changes."""
        found = []
        with self._changed:
            for key, changed in reversed(self._numbers[kind].items()):
                if changed <= number:
                    break
                found.append(key)
        return found[::-1]

    def latest(self, kinds: Iterable[str]) -> dict[str, int]:
        """Return the number of the latest change of each kind; 0 without one."""
        with self._changed:
            return {kind: self._latest.get(kind, 0) for kind in kinds}

    def wait(self, kinds: Iterable[str], known: dict[str, int], timeout: float) -> dict[str, int]:
        """Wait until something of these kinds has changed, at most ``timeout`` seconds.

        Args:
            kinds: The kinds.
            known: What ``latest`` returned earlier.
            timeout: Maximum wait, in seconds.

        Returns:
            What ``latest`` returns now.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self.latest(kinds) != known, timeout)
            return self.latest(kinds)

    def close(self) -> None:
        """Wake up all who wait, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
