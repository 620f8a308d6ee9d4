"""Wait for what a server says of itself, where nothing can be waited for but that."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis


def wait_until(holds: Callable[[], object], what: str, *, seconds: float = 30.0) -> float:
    """Ask until it holds; seconds that it took.

    A server that cannot be asked, or is not to be found, counts as "not yet".

    :raises TimeoutError: it never did
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
