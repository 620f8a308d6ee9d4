"""Looks for work in the background, again and again: logins to poll for, expired cards, released commands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .forks import start_afresh_now_and_after_forks

log = logging.getLogger(__name__)


class BackgroundLoop:
    """Calls a function in a thread of its own, from :meth:`start` to :meth:`close`.

    A forked process starts its own with the next :meth:`start`; until then, its parent does the work.

    Args:
        what: it looks for; for the log
        look: looks once; True where there may be more to do at once
        seconds: the wait after a look that found nothing, or failed
    """

    def __init__(self, what: str, look: Callable[[], bool], seconds: float) -> None:
        self._what = what
        self._look = look
        self._seconds = seconds
        self._closed = False
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from now on; nothing happens where it does so already, or is closed."""
        with self._starting:
            if self._thread is None and not self._closed:
                name = f"webex_bot_auth-{self._what}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop, after the look that runs. May be called twice."""
        with self._starting:
            self._closed = True
            self._stopped.set()
            thread, self._thread = self._thread, None
        if thread:
            thread.join()

    def _run(self) -> None:
        failing = False
        while not self._stopped.is_set():
            may_be_more = False
            try:
                may_be_more = self._look()
                failing = False
            except Exception as error:  # noqa: BLE001 (whatever it is, the next look may succeed)
                if not failing:  # an outage is one line in the log, however long it lasts
                    log.warning("cannot look for %s: %s", self._what, error)
                failing = True
            if not may_be_more:
                self._stopped.wait(self._seconds)
