"""Measures times, and has the two kinds of results: figures, which may have a limit, and curves."""

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

    Attributes:
        what: what was measured
        value: the result
        unit: of value and limit; ``x`` is a ratio
        limit: the highest acceptable value; None: there is no limit
        against: the reference of a ratio, or the conditions
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
    """How a cost grows with a size: one plot.

    Attributes:
        name: title of the plot, and name of its file
        x_label: label of the x axis
        y_label: label of the y axis
        sizes: the values on the x axis
        lines: the values on the y axis, by name of the line
    """

    name: str
    x_label: str
    y_label: str
    sizes: Sequence[float]
    lines: Mapping[str, Sequence[float]]


def interleaved(*works: Work, rounds: int, number: int = 1) -> list[list[float]]:
    """Time several functions; they take turns, so that noise affects all of them alike.

    Args:
        works: the functions
        rounds: how often each has its turn
        number: calls in one turn, for a function that takes a short time

    Returns:
        for each function, the seconds of one call in each round
    """
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()  # warm-up: connections and caches are made now
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
    """Run this process on one core and the given ones on another, where the system allows it.

    Without it, the scheduler would decide how much they slow down each other.

    Args:
        processes: process ids
    """
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
    """The median time of each function, in seconds; see :func:`interleaved`."""
    return [statistics.median(times) for times in interleaved(*works, rounds=rounds, number=number)]


def ratio(mine: Sequence[float], reference: Sequence[float]) -> float:
    """How many times as long as the reference it takes; the median of all rounds."""
    return statistics.median(one / other for one, other in zip(mine, reference, strict=True))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
