"""The sandbox's time: the machine's, and ahead of it when a test lets time pass."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Clock:
    """Seconds since 1970, which a test may move forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time() + self._ahead

    def today(self) -> datetime:
        """Return the time as a date, in UTC."""
        return self.date(self.now())

    @staticmethod
    def date(seconds: float) -> datetime:
        """Return seconds since 1970 as a date, in UTC."""
        return datetime.fromtimestamp(seconds, timezone.utc)

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once."""
        self._ahead += seconds


def iso(moment: datetime) -> str:
    """Return a date as Webex writes it, with milliseconds and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
