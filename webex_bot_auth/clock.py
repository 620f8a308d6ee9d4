"""Moments in UTC, and how far away they are."""

from __future__ import annotations

import datetime
import time


def utc_now() -> datetime.datetime:
    """The present moment, with its zone."""
    return datetime.datetime.now(datetime.timezone.utc)


def as_utc(moment: datetime.datetime) -> datetime.datetime:
    """The same moment in UTC. One without a zone was written in UTC by an earlier installation."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc)


def seconds_until(moment: datetime.datetime | None) -> float | None:
    """Seconds from now to a moment (negative: it has passed); None where there is no moment."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else as_utc(moment)).timestamp() - time.time()
