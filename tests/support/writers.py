"""Threads that write and read while servers fail, and keep book of what became of each call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from webex_bot_auth import TokenManager
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.testing.made_up import context

from .waiting import wait_until


@dataclass
class Book:
    """What became of the calls.

    :ivar acknowledged: ids of users whose contexts were stored, as far as the caller was told
    :ivar refused: why others were not
    :ivar odd: what else was raised: there should be nothing
    :ivar longest: seconds that a call took
    """

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    odd: list[BaseException] = field(default_factory=list)
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
        except BaseException as error:  # noqa: BLE001 (kept for the test to look at)
            self.odd.append(error)
        self.longest = max(self.longest, time.monotonic() - start)

    def goes_on(self, *, writes: int = 10) -> None:
        """Wait until so many more have been acknowledged."""
        wanted = len(self.acknowledged) + writes
        wait_until(lambda: len(self.acknowledged) >= wanted, f"{writes} more writes; {set(self.refused)}")


@contextmanager
def writing(managers: Sequence[TokenManager], names: Callable[[int], Iterable[str]]) -> Iterator[Book]:
    """One thread for each manager, until the block ends.

    :param names: ids of the users for each thread, more than it will need
    """
    book, done = Book(), threading.Event()

    def write(number: int) -> None:
        for name in names(number):
            book.write(managers[number], name)
            if done.wait(0.005):  # or a server that refuses at once would be asked without pause
                return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(managers))]
    for thread in threads:
        thread.start()
    try:
        yield book
    finally:
        done.set()
        for thread in threads:
            thread.join()
