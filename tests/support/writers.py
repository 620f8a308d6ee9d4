"""Threads that store and read contexts while servers fail, and record the result of each call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from webex_bot_auth import TokenManager
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.testing.sample_contexts import context

from .waiting import wait_until


@dataclass
class WriteResults:
    """Results of the calls.

    Attributes:
        acknowledged: ids of users whose contexts were stored, as far as the caller knows
        refused: the reasons why other contexts were not stored
        unexpected: all other errors; there should be none
        longest: the time that the longest call took, in seconds
    """

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unexpected: list[BaseException] = field(default_factory=list)
    longest: float = 0.0

    def __str__(self) -> str:
        counts = f"{len(self.acknowledged)} stored, {len(self.refused)} refused"
        return f"{counts} {set(self.refused)}, longest call {self.longest:.1f} s"

    def write(self, manager: TokenManager, user_id: str) -> None:
        """Store a context, and read it again."""
        start = time.monotonic()
        try:
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
            self.acknowledged.append(user_id)
            assert manager.get_user_context(user_id=user_id) in (context(user_id), None)
        except StoreUnavailable as error:
            self.refused.append(str(error).removeprefix(f"{error.place}: "))
        except BaseException as error:  # noqa: BLE001 (the test looks at it)
            self.unexpected.append(error)
        self.longest = max(self.longest, time.monotonic() - start)

    def wait_for_more(self, *, writes: int = 10) -> None:
        """Wait until so many more contexts have been stored."""
        wanted = len(self.acknowledged) + writes
        wait_until(lambda: len(self.acknowledged) >= wanted, f"{writes} more writes; {set(self.refused)}")


@contextmanager
def writing(
    managers: Sequence[TokenManager], names: Callable[[int], Iterable[str]]
) -> Iterator[WriteResults]:
    """Store contexts in one thread for each manager, for the length of a ``with`` block.

    Args:
        managers: the managers
        names: ids of the users for each thread, by its number; more than it will need

    Yields:
        the results so far
    """
    results, done = WriteResults(), threading.Event()

    def write(number: int) -> None:
        for name in names(number):
            results.write(managers[number], name)
            if done.wait(0.005):  # otherwise a server that refuses at once would be asked without a pause
                return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(managers))]
    for thread in threads:
        thread.start()
    try:
        yield results
    finally:
        done.set()
        for thread in threads:
            thread.join()
