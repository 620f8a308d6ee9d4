"""Closing that comes to an end wherever it is called.

A handler of the system's signals interrupts the main thread anywhere, also while it holds a lock that closing
needs; and handlers of :mod:`webex_bot_auth.signals` run in threads that closing waits for. So another thread
closes, and the caller waits for it for a limited time.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TypeVar

#: maximum wait of a caller; calls to Webex that are under way end sooner; seconds
CLOSE_SECONDS = 30.0
#: what the names of this package's threads begin with
OWN_THREADS = "webex_bot_auth"

Closed = TypeVar("Closed", bound="Closes")


class Closes(ABC):
    """Has connections and threads."""

    def close(self) -> None:
        """Free connections and threads. May be called twice, and in handlers of signals."""
        closing = threading.Thread(target=self._close, name=f"{OWN_THREADS}-closing", daemon=True)
        try:
            closing.start()
        except RuntimeError:  # the interpreter is about to exit
            self._close()
            return
        if not threading.current_thread().name.startswith(OWN_THREADS):
            closing.join(CLOSE_SECONDS)

    def __enter__(self: Closed) -> Closed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _close(self) -> None: ...
