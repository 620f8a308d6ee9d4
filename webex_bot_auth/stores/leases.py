"""Leases: their holders do what must not be done twice at once by the processes that share a store."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..errors import StoreError
from ..ground.clock import now
from .protocols import FlowStore

log = logging.getLogger(__name__)

#: a lease whose holder died ends then; renewed at a third of it, so that one renewal may fail; seconds
LEASE_SECONDS = 30.0
#: between the first two tries to take a lease that somebody else holds, and at most; seconds
POLL_SECONDS, MAX_POLL_SECONDS = 0.05, 0.2


@dataclass(eq=False)
class Lease:
    """A lease that is held, as its holder sees it.

    Attributes:
        name: its key in the store
        owner: what is stored there, by which one holder is told from another
        held_until: when it ends, unless it is renewed; by :func:`~webex_bot_auth.ground.clock.now`
    """

    name: str
    owner: str
    held_until: float = 0.0

    def is_held(self) -> bool:
        """Return whether nobody else can have the lease now, by this process's own clock."""
        return now() < self.held_until


class Leases:
    """Takes leases in a store, renews them while they are held, and gives them back.

    Args:
        flows: where they are; shared by all processes among which only one may hold a lease
        seconds: when a lease ends whose holder has died
    """

    def __init__(self, flows: FlowStore, seconds: float | None = None) -> None:
        self._flows = flows
        self._seconds = LEASE_SECONDS if seconds is None else seconds
        self._held: set[Lease] = set()
        self._changed = threading.Condition()
        self._is_renewing = False
        self._closed = threading.Event()

    @contextmanager
    def hold(self, name: str, wait: float = 0.0) -> Iterator[Lease | None]:
        """Hold a lease while the block runs.

        Args:
            name: key of the lease in the store
            wait: for how long to wait for somebody else's; seconds

        Yields:
            the lease; None: it could not be had in time, or :meth:`close` was called

        Raises:
            StoreError: the store cannot be asked
        """
        lease, give_up, pause = Lease(name, secrets.token_hex(16)), now() + wait, POLL_SECONDS
        while not self._swap(lease, None, lease.owner):
            if now() >= give_up or self._closed.wait(pause):
                yield None
                return
            pause = min(MAX_POLL_SECONDS, pause * 1.5)
        try:
            with self._changed:
                self._held.add(lease)
                if not self._is_renewing:
                    thread = threading.Thread(target=self._renew, name="webex_bot_auth-leases", daemon=True)
                    with suppress(RuntimeError):  # the interpreter is about to exit
                        thread.start()
                        self._is_renewing = True
            yield lease
        finally:
            with self._changed:
                self._held.discard(lease)
                self._changed.notify_all()
            try:
                self._swap(lease, lease.owner, None)
            except StoreError as error:
                log.info("a lease is left to expire: %s", error)

    def close(self) -> None:
        """Wait for no lease any more; those that are held are renewed until they are given back."""
        self._closed.set()

    def _swap(self, lease: Lease, old: str | None, new: str | None) -> bool:
        sent = now()  # the lease cannot end earlier in the store than it does here
        done = self._flows.swap(lease.name, old, new, self._seconds)
        lease.held_until = sent + self._seconds if done and new else 0.0
        return done

    def _renew(self) -> None:
        """Renew what is held each third of its time, until nothing is."""
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: not self._held, self._seconds / 3):
                    self._is_renewing = False
                    return
                held = list(self._held)
            for lease in held:
                try:
                    if not self._swap(lease, lease.owner, lease.owner) and lease in self._held:
                        log.warning("a lease was lost, somebody else may hold it: %s", lease.name)
                except StoreError as error:
                    log.warning("a lease was not renewed: %s", error)
