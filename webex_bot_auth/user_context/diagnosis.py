"""What a store can tell an administrator: data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FlowUnderWay:
    """A login that has been started and has not come back yet, by a name that is no secret.

    :ivar reference: the short name that the log has for it, too
    :ivar is_readable: whether our keys open its record
    :ivar seconds_left: until it expires; None: never (stored by an earlier installation)
    """

    reference: str
    is_readable: bool
    seconds_left: float | None


@dataclass(frozen=True)
class RedisHealth:
    """Facts about a Redis server; None stands for what it does not tell us.

    :ivar version: such as ``6.2.14``
    :ivar is_replica: whether it copies another server, and takes no writes of its own
    :ivar write_refused: why it did not take a write; None: it did
    :ivar keeps_log: whether each write goes to a log on disk (``appendonly``)
    :ivar keeps_snapshots: whether it writes snapshots to disk (``save``)
    :ivar eviction: what it does when its memory is full (``maxmemory-policy``)
    :ivar seconds_ahead: of its clock against ours
    """

    version: str | None
    is_replica: bool | None
    write_refused: str | None
    keeps_log: bool | None
    keeps_snapshots: bool | None
    eviction: str | None
    seconds_ahead: float | None
