"""What a forked process must not inherit: locks that another thread held, threads, open connections.

Gunicorn forks its workers from a process that has made the token manager already if it is told to preload.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Rebuilds(Protocol):
    """Something with parts that have locks, threads or connections."""

    def rebuild(self) -> None:
        """Make these parts new, without a look at the old ones."""


_known: WeakSet[Rebuilds] = WeakSet()


def rebuild_after_forks(one: Rebuilds) -> None:
    """Call ``rebuild`` in each forked process, for as long as the object lives."""
    _known.add(one)


def _after_fork() -> None:
    for one in list(_known):
        one.rebuild()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
