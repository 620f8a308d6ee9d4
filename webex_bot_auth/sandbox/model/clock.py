"""The sandbox's clock: the machine's time, which a test can move forward."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Clock:
    """The machine's time, plus what ``advance`` has added.

    Attributes:
        offset: How far it is ahead of the machine's time, in seconds.
    """

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time() + self.offset

    def now_utc(self) -> datetime:
        """Return the time as a datetime in UTC."""
        return self.to_utc(self.now())

    @staticmethod
    def to_utc(seconds: float) -> datetime:
        """Return seconds since 1970 as a datetime in UTC."""
        return datetime.fromtimestamp(seconds, timezone.utc)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.offset += seconds

    def reset(self) -> None:
        """Go back to the machine's time."""
        self.offset = 0.0


def shown(moment: datetime) -> datetime:
    """Return a datetime as precise as Webex writes it: to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """Return a datetime as Webex writes it, with milliseconds and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
