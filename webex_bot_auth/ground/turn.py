"""Whose turn it is: of several processes that run one bot, one at a time handles its messages.

A process that is frozen for a while does not notice: so it looks at its clock before it begins with a
message, and before each call to Webex that it makes because of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: the lease of the process that runs the bot
LEASE = "running"


class TurnLost(BaseException):
    """Drops what is being done; a command that catches all of its own errors lets it pass."""

    is_handled = True  # who watches a bot, as the sandbox does, need not report it


class Held(Protocol):
    """What only one process has at a time, such as a lease."""

    def is_held(self) -> bool:
        """Return whether nobody else can have it now."""


class Turn:
    """The turn of this process, which has it all the time unless it shares its bot.

    Attributes:
        is_shared: whether other processes may run the same bot
        lease: the bot's; None: another process has it, or nobody
    """

    def __init__(self) -> None:
        self.is_shared = False
        self.lease: Held | None = None

    def is_ours(self) -> bool:
        """Return whether no other process can have the turn now."""
        lease = self.lease
        return not self.is_shared or (lease is not None and lease.is_held())

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Let a block begin, and call Webex, only while it is our turn.

        Raises:
            TurnLost: it is not
        """
        outer = _needed.set(self)
        try:
            check_turn()
            yield
        finally:
            _needed.reset(outer)


_needed: ContextVar[Turn | None] = ContextVar("webex_bot_auth_turn", default=None)


def check_turn() -> None:
    """Let what is being done go on only if it needs no turn, or has it.

    Raises:
        TurnLost: another process may have the turn
    """
    turn = _needed.get()
    if turn is not None and not turn.is_ours():
        raise TurnLost
