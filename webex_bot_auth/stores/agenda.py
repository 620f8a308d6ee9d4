"""Looks for what is due, for as long as a process runs a bot or has asked people to log in."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from ..errors import StoreError
from ..ground.turn import Turn
from .protocols import Due, FlowStore

log = logging.getLogger(__name__)

#: nobody else gets an item that is due meanwhile; longer than a poll can take; seconds
LEASE_SECONDS = 30.0
#: one look, unless something is due before; a bot that is closed waits for it; seconds
LOOK_SECONDS = 0.2
#: wait after the store failed; seconds
FAULT_SECONDS = 1.0


class Takes(Protocol):
    """Does what is due on one agenda."""

    def take(self, due: Due) -> None:
        """Begin with it, without waiting for anything; once it is done, it is taken off the agenda."""

    def renew(self) -> None:
        """Keep what is being done from becoming due for others: called at a third of the lease."""


class Agenda:
    """Looks in a thread of its own, from the time when it is made until it is closed, while it is our turn.

    Args:
        flows: where the agendas are
        takers: who does what is due, by the name of the agenda; others are left to other processes
        turn: of this process among all that run the bot
    """

    def __init__(self, flows: FlowStore, takers: dict[str, Takes], turn: Turn) -> None:
        self._flows = flows
        self._takers = takers
        self._turn = turn
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="webex_bot_auth-agenda", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the look that runs. May be called twice."""
        self._closed.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _look(self) -> None:
        is_failing, renewed = False, time.monotonic()
        while not self._closed.is_set():
            try:
                if not self._turn.is_ours():
                    self._closed.wait(LOOK_SECONDS)
                    continue
                if time.monotonic() - renewed > LEASE_SECONDS / 3:
                    renewed = time.monotonic()
                    for taker in set(self._takers.values()):
                        taker.renew()
                due = self._flows.due(tuple(self._takers), LEASE_SECONDS, LOOK_SECONDS)
                is_failing = False
                if due is not None:
                    self._takers[due.agenda].take(due)
            except StoreError as error:
                if not is_failing:  # an outage is one line in the log, however long it lasts
                    log.warning("cannot look for what is due: %s", error)
                is_failing = True
                self._closed.wait(FAULT_SECONDS)
            except Exception:  # the end of the thread, and the next item can be done
                log.exception("what is due was not begun")
                self._closed.wait(FAULT_SECONDS)
