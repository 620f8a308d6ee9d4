"""Waits for a state that a server reports only when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis


def wait_until(holds: Callable[[], object], what: str, *, seconds: float = 30.0) -> float:
    """Ask until a condition holds. A server that cannot be reached or found counts as "not yet".

    Args:
        holds: the condition
        what: its description for the error
        seconds: maximum wait

    Returns:
        the seconds that it took

    Raises:
        TimeoutError: it did not hold in time
    """
    start = time.monotonic()
    while not _holds(holds):
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(0.02)
    return time.monotonic() - start


def _holds(holds: Callable[[], object]) -> bool:
    try:
        return bool(holds())
    except (redis.RedisError, LookupError, StopIteration):
        return False
