"""What a forked process must not inherit: locks that another thread held, threads, open connections.

Gunicorn forks its workers from a process that has made the token manager already if it is told to preload.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class StartsAfresh(Protocol):
    """Something with locks, threads or connections."""

    def start_afresh(self) -> None:
        """Make them new; called when it is made, and in each forked process."""


_known: WeakSet[StartsAfresh] = WeakSet()


def start_afresh_now_and_after_forks(one: StartsAfresh) -> None:
    """Call ``start_afresh`` now and in each forked process, as long as the object lives."""
    one.start_afresh()
    _known.add(one)


def _after_fork() -> None:
    for one in list(_known):
        one.start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
