"""Handles a bot's messages at the same time, in threads of its own; what exceeds them waits in line."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

log = logging.getLogger(__name__)

Event = Any

#: messages of one person, and of all people together, that wait in line
MAX_WAITING_OF_ONE = 100
MAX_WAITING = 2000
#: threads for what the bot's event loop itself hands over, such as looking up a host name
LOOP_THREADS = 2


class Line:
    """Who waits, and who is next: the people take turns, so that nobody's flood holds up the others.

    Nobody has all workers, either: an eighth of them, at least one, is left for others.

    Args:
        workers: how many are handled at the same time
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._most = max(1, workers - max(1, workers // 8))
        self._waiting: OrderedDict[str, deque[Any]] = OrderedDict()  # the first one is next
        self._busy: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __contains__(self, person: str) -> bool:
        return person in self._waiting

    def add(self, person: str, item: Any, *, most: int = MAX_WAITING) -> bool:
        """Put something at the end of a person's line; False: it is full, or ``most`` wait in all."""
        if len(self._waiting.get(person, ())) >= MAX_WAITING_OF_ONE or len(self) >= most:
            return False
        self._waiting.setdefault(person, deque()).append(item)
        return True

    def next(self) -> tuple[str, Any] | None:
        """Whose turn it is, and with what; None: nobody's now. To be followed by :meth:`done`."""
        person = next((one for one in self._waiting if self._busy[one] < self._most), None)
        if person is None or self._busy.total() >= self._workers:
            return None
        item = self._waiting[person].popleft()
        self._waiting.move_to_end(person)
        if not self._waiting[person]:
            del self._waiting[person]
        self._busy[person] += 1
        return person, item

    def done(self, person: str) -> None:
        """One of the person's is done."""
        self._busy -= Counter([person])  # keeps nobody who is not busy


class Workers(ThreadPoolExecutor):
    """The executor of a bot's event loop, to which webex_bot hands each event.

    As before, whoever shuts down the loop's executor waits for the commands that run and wait.

    Args:
        count: events that are handled at the same time
        handle: handles an event; whatever else the loop hands over has nothing to do with the line
        person_of: whose event it is
        is_new: whether an event is to be handled at all, without waiting for anything
        tell: tells the author of an event that the line is full, once until that person's line is empty
    """

    def __init__(
        self,
        count: int,
        handle: Callable[[Event], None],
        *,
        person_of: Callable[[Event], str],
        is_new: Callable[[Event], bool],
        tell: Callable[[Event], None],
    ) -> None:
        super().__init__(max_workers=count + LOOP_THREADS, thread_name_prefix="webex_bot_auth-worker")
        self._handle, self._person_of, self._is_new, self._tell = handle, person_of, is_new, tell
        self._lock = threading.Lock()
        self._line = Line(count)
        self._told: set[str] = set()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take an event, without waiting for anything. What comes of it is nobody's to wait for."""
        if function is not self._handle:
            return super().submit(function, *args, **kwargs)
        if self._is_new(event := args[0]):
            self._take(self._person_of(event), event)
        taken: Future[None] = Future()
        taken.set_result(None)
        return taken

    def _take(self, person: str, event: Event) -> None:
        with self._lock:
            if not self._line.add(person, (self._handle, event)) and not self._is_told(person, event):
                return
            if turn := self._line.next():
                super().submit(self._work, turn)

    def _is_told(self, person: str, event: Event) -> bool:
        """There is no place in line for an event; whether its author now waits to be told."""
        if person in self._told:
            return False
        self._told.add(person)
        log.warning(
            "too many messages wait, the latest are dropped: user %s, %d in all", person, len(self._line)
        )
        return self._line.add(f"tell {person}", (self._tell, event), most=2 * MAX_WAITING)

    def _work(self, turn: tuple[str, Any] | None) -> None:
        """Handle an event, and others until nobody's turn is left."""
        while turn:
            person, (work, event) = turn
            try:
                work(event)
            except BaseException:  # the end of the thread: what is not logged here vanishes
                log.exception("event of user %s not handled", person)
            turn = self._next(person)

    def _next(self, done: str) -> tuple[str, Any] | None:
        with self._lock:
            self._line.done(done)
            if done not in self._line:
                self._told.discard(done)
            if not self._line:
                self._told.clear()
            return self._line.next()
