"""Logins under way: what a backend keeps of them, and how that is done in the memory of one process."""

from __future__ import annotations

import datetime
import queue
import threading
import time
from collections import OrderedDict, defaultdict, deque
from typing import Protocol

from .models import FlowState, InterruptedCommand, NoFlow, utc_now

#: logins under way that are kept for one user; the oldest go first
MOST_FLOWS = 5
#: so long nobody else polls for a flow that somebody polls for; longer than a poll can take
LEASE_SECONDS = 30.0
#: events that are remembered, to handle each once
MOST_EVENTS = 10_000


class Pending(Protocol):
    """Flows and interrupted commands. Each method may raise :class:`~webex_bot_auth.errors.StoreError`."""

    def put(self, flow_id: str, flow: FlowState) -> None:
        """Keep a flow for its lifetime."""

    def take(self, flow_id: str) -> FlowState | NoFlow:
        """The flow, once, whoever else asks for it at the same moment."""

    def poll_later(self, flow_id: str, seconds: float) -> None:
        """A flow of the device grant is due in so many seconds, if nobody has taken it by then."""

    def next_due(self) -> tuple[str, FlowState] | None:
        """A flow that is due; nobody else gets it for :data:`LEASE_SECONDS`."""

    def count_ask(self, user_id: str) -> int:
        """How often a user was asked to log in, this time included, within one lifetime."""

    def interrupt(self, command: InterruptedCommand) -> None:
        """Keep a command until its author has logged in; the latest one of each user."""

    def take_interrupted(self, user_id: str) -> InterruptedCommand | None:
        """A user's interrupted command, once: the login is done, and so is the count of asking for it."""

    def release(self, command: InterruptedCommand) -> None:
        """Hand a command over to whoever waits in :meth:`next_released`."""

    def next_released(self, timeout: float) -> InterruptedCommand | None:
        """Wait for a released command, for so many seconds; each is given out once."""

    def first_time(self, event_id: str) -> bool:
        """Is this event new, for all who share the store?"""

    def close(self) -> None:
        """Nobody shall wait in :meth:`next_released` for long any more."""


class MemoryPending:
    """In bounded memory, for one process that runs both the bot and the redirect.

    :param lifetime: how long a login may take
    """

    def __init__(self, *, lifetime: datetime.timedelta) -> None:
        self._lifetime = lifetime
        self._lock = threading.Lock()
        # in the order of their creation, so that what has expired stands in front
        self._flows: OrderedDict[str, FlowState] = OrderedDict()
        self._used: OrderedDict[str, FlowState] = OrderedDict()
        self._of_user: defaultdict[str, deque[str]] = defaultdict(deque)
        self._due: dict[str, float] = {}
        self._interrupted: OrderedDict[str, InterruptedCommand] = OrderedDict()
        self._asked: OrderedDict[str, tuple[datetime.datetime, int]] = OrderedDict()
        self._events: OrderedDict[str, None] = OrderedDict()
        self._released: queue.Queue[InterruptedCommand | None] = queue.Queue()

    def put(self, flow_id: str, flow: FlowState) -> None:
        with self._lock:
            self._drop_expired()
            self._flows[flow_id] = flow
            mine = self._of_user[flow.user_id]
            mine.append(flow_id)
            while len(mine) > MOST_FLOWS:
                self._flows.pop(mine.popleft(), None)

    def take(self, flow_id: str) -> FlowState | NoFlow:
        with self._lock:
            self._drop_expired()
            flow = self._flows.pop(flow_id, None)
            if flow is None:
                return NoFlow.USED if flow_id in self._used else NoFlow.UNKNOWN
            self._forget_of_user(flow_id, flow)
            self._used[flow_id] = flow
            return flow

    def poll_later(self, flow_id: str, seconds: float) -> None:
        with self._lock:
            if flow_id in self._flows:
                self._due[flow_id] = time.monotonic() + seconds

    def next_due(self) -> tuple[str, FlowState] | None:
        with self._lock:
            now = time.monotonic()
            for flow_id, due in list(self._due.items()):
                flow = self._flows.get(flow_id)
                if flow is None:
                    del self._due[flow_id]
                elif due <= now:
                    self._due[flow_id] = now + LEASE_SECONDS
                    return flow_id, flow
            return None

    def count_ask(self, user_id: str) -> int:
        with self._lock:
            while self._asked and self._past(next(iter(self._asked.values()))[0]):
                self._asked.popitem(last=False)
            since, count = self._asked.get(user_id, (utc_now(), 0))
            self._asked[user_id] = (since, count + 1)
            return count + 1

    def interrupt(self, command: InterruptedCommand) -> None:
        with self._lock:
            self._interrupted.pop(command.user_id, None)
            self._interrupted[command.user_id] = command
            while self._interrupted and self._past(next(iter(self._interrupted.values())).created):
                self._interrupted.popitem(last=False)

    def take_interrupted(self, user_id: str) -> InterruptedCommand | None:
        with self._lock:
            self._asked.pop(user_id, None)
            command = self._interrupted.pop(user_id, None)
        return command if command and command.younger_than(self._lifetime) else None

    def release(self, command: InterruptedCommand) -> None:
        self._released.put(command)

    def next_released(self, timeout: float) -> InterruptedCommand | None:
        try:
            return self._released.get(timeout=timeout)
        except queue.Empty:
            return None

    def first_time(self, event_id: str) -> bool:
        with self._lock:
            if event_id in self._events:
                return False
            self._events[event_id] = None
            if len(self._events) > MOST_EVENTS:
                self._events.popitem(last=False)
            return True

    def close(self) -> None:
        self._released.put(None)

    def _past(self, moment: datetime.datetime) -> bool:
        return utc_now() - moment >= self._lifetime

    def _drop_expired(self) -> None:
        for flows in (self._flows, self._used):
            while flows and not next(iter(flows.values())).younger_than(self._lifetime):
                self._forget_of_user(*flows.popitem(last=False))

    def _forget_of_user(self, flow_id: str, flow: FlowState) -> None:
        mine = self._of_user.get(flow.user_id)
        if mine is None:
            return
        if flow_id in mine:
            mine.remove(flow_id)
        if not mine:
            del self._of_user[flow.user_id]
