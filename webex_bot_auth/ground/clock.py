"""Moments in UTC, and how far away they are.

Within a process, a change of the system's clock changes nothing: nobody is logged out by it, and no token is
kept for longer. The clock has to be right when the process starts.
"""

from __future__ import annotations

import datetime
import time


def _elapsed() -> float:
    """Seconds since some moment, while the machine sleeps, too; no change of the clock changes them."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)


#: Linux; elsewhere monotonic() includes sleep, or nearly so
_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)
_START = time.time() - _elapsed()


def now() -> float:
    """The present moment, in seconds since 1970."""
    return _START + _elapsed()


def utc_now() -> datetime.datetime:
    """The present moment, with its zone."""
    return datetime.datetime.fromtimestamp(now(), datetime.timezone.utc)


def as_utc(moment: datetime.datetime) -> datetime.datetime:
    """The same moment in UTC. One without a zone was written in UTC by an older version."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc)


def seconds_until(moment: datetime.datetime | None) -> float | None:
    """Seconds from now to a moment (negative: it has passed); None where there is no moment."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else as_utc(moment)).timestamp() - now()
