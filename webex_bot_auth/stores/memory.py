"""Short-lived texts and agendas in the memory of one process, which runs both the bot and the redirect."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection

from ..ground.clock import now
from .protocols import Due, Record, Reminder

#: so many texts are kept without a look for those that have expired
MIN_SWEEP = 1_000


class MemoryFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`. What it has ends with the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # reentrant: a swap reminds
        self._texts: dict[str, tuple[str, float]] = {}  # with the moment when they expire
        self._agendas: dict[str, dict[str, float]] = {}  # moments of items
        self._sweep_at = MIN_SWEEP
        self._closed = False

    def __str__(self) -> str:
        return "memory"

    def read(self, key: str) -> tuple[Record | None, float]:
        moment = now()
        text, expires = self._texts.get(key, (None, 0.0))
        return (text if expires > moment else None), moment

    def swap(
        self,
        key: str,
        old: Record | None,
        new: str | None,
        seconds: float = 0.0,
        *,
        remind: Collection[Reminder] = (),
    ) -> bool:
        with self._changed:
            found, moment = self.read(key)
            if found != (old.decode() if isinstance(old, bytes) else old):
                return False
            self._texts.pop(key, None)
            if new is not None:
                self._texts[key] = (new, moment + seconds)
                if len(self._texts) > self._sweep_at:  # twice as many as were left before
                    self._texts = {name: one for name, one in self._texts.items() if one[1] > moment}
                    self._sweep_at = max(MIN_SWEEP, 2 * len(self._texts))
            for reminder in remind:
                self.remind(reminder)
            return True

    def remind(self, reminder: Reminder) -> None:
        with self._changed:
            items = self._agendas.setdefault(reminder.agenda, {})
            items[reminder.item] = now() + reminder.seconds
            if reminder.seconds == math.inf:
                del items[reminder.item]
            self._changed.notify_all()

    def due(self, agendas: Collection[str], lease: float, timeout: float) -> Due | None:
        give_up = now() + timeout
        with self._changed:
            while not self._closed:
                items = ((name, self._agendas.get(name, {})) for name in agendas)
                moments = ((when, name, item) for name, found in items for item, when in found.items())
                when, name, item = min(moments, default=(give_up, "", ""))
                if name and when <= (moment := now()):
                    self._agendas[name][item] = moment + lease
                    return Due(name, item, str(moment + lease))
                if give_up <= now():
                    break
                self._changed.wait(max(0.0, min(when, give_up) - now()))
        return None

    def done(self, due: Due) -> None:
        with self._changed:
            items = self._agendas.get(due.agenda, {})
            if str(items.get(due.item)) == due.token:
                del items[due.item]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
