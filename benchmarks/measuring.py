"""How things are measured, and what comes out of it: figures with a limit, and curves."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    :ivar what: what was measured
    :ivar value: what came out
    :ivar unit: of value and limit; ``x`` is a ratio
    :ivar limit: at most this much; None: only told
    :ivar against: the reference of a ratio, or the conditions
    """

    what: str
    value: float
    unit: str
    limit: float | None = None
    against: str = ""

    @property
    def is_met(self) -> bool:
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True)
class Curve:
    """How something grows: one plot.

    :ivar name: name of the file, too
    :ivar across: what the x axis says
    :ivar up: what the y axis says
    :ivar sizes: the x axis
    :ivar lines: the y axis, by name of the line
    """

    name: str
    across: str
    up: str
    sizes: Sequence[float]
    lines: Mapping[str, Sequence[float]]


def interleaved(*works: Work, rounds: int, number: int = 1) -> list[list[float]]:
    """Seconds for one call of each work, in each round; they take turns, so that noise hits all alike.

    :param number: calls in a row, for what is short
    """
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()  # what is made once, is made now
    with _no_garbage_collection():
        for _ in range(rounds):
            for work, seconds in zip(works, times, strict=True):
                started = time.perf_counter()
                for _ in range(number):
                    work()
                seconds.append((time.perf_counter() - started) / number)
    return times


@contextmanager
def apart(*processes: int) -> Iterator[None]:
    """We on one core and these processes on another, where the system lets us: else chance decides."""
    if not hasattr(os, "sched_setaffinity") or len(cores := os.sched_getaffinity(0)) < 2:
        yield
        return
    ours, theirs = sorted(cores)[:2]
    for process in processes:
        os.sched_setaffinity(process, {theirs})
    os.sched_setaffinity(0, {ours})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def medians(*works: Work, rounds: int, number: int = 1) -> list[float]:
    """The median of each work, in seconds; see :func:`interleaved`."""
    return [statistics.median(times) for times in interleaved(*works, rounds=rounds, number=number)]


def ratio(mine: Sequence[float], reference: Sequence[float]) -> float:
    """How much longer it takes, at the median of all rounds."""
    return statistics.median(one / other for one, other in zip(mine, reference, strict=True))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
