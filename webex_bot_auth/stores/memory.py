"""Short-lived texts in the memory of one process, which runs both the bot and the redirect."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

from ..ground.forks import start_afresh_now_and_after_forks
from .protocols import Missing, Record

#: of each kind of value; a login that is pending has one or two
MAX_VALUES = 5_000
#: events that are known not to be new; a message is one
MAX_CLAIMS = 20_000

Value = TypeVar("Value")


class _Expiring(Generic[Value]):
    """Values by key, until they expire. With too many, the one that was put first is dropped.

    What has expired is dropped with the next value that is put.
    """

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[float, Value]] = OrderedDict()  # with their moment of expiry

    def put(self, key: str, value: Value, seconds: float, most: int | None = None) -> None:
        now = time.monotonic()
        self._values.pop(key, None)
        while self._values and (
            len(self._values) >= (most or MAX_VALUES) or next(iter(self._values.values()))[0] <= now
        ):
            self._values.popitem(last=False)
        self._values[key] = (now + seconds, value)

    def get(self, key: str) -> Value | None:
        return self._values[key][1] if self.remaining(key) else None

    def pop(self, key: str) -> Value | None:
        value = self.get(key)
        self._values.pop(key, None)
        return value

    def remaining(self, key: str) -> float | None:
        """Seconds until it expires; None: there is no such value."""
        remaining = self._values[key][0] - time.monotonic() if key in self._values else 0.0
        return remaining if remaining > 0 else None


class MemoryFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`. No kind of value displaces another one."""

    def __init__(self) -> None:
        self._records = _Expiring[str]()
        self._used = _Expiring[bool]()
        self._owned = _Expiring[list[str]]()
        self._lists = _Expiring[list[str]]()
        self._counts = _Expiring["itertools.count[int]"]()
        self._claims = _Expiring[bool]()
        self._marks = _Expiring[bool]()
        self._closed = False
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`; what is scheduled is left to the parent."""
        self._changed = threading.Condition()
        self._due: dict[str, dict[str, float]] = {}  # moments of items by schedule

    def __str__(self) -> str:
        return "memory"

    def put(self, flow_id: str, record: str, *, owner: str, seconds: float, keep: int) -> None:
        with self._changed:
            self._records.put(flow_id, record, seconds)
            owned = [*(self._owned.get(owner) or ()), flow_id]
            for dropped in owned[:-keep]:
                self._records.pop(dropped)
            self._owned.put(owner, owned[-keep:], seconds)

    def take(self, flow_id: str, *, seconds: float) -> Record | Missing:
        with self._changed:
            record = self._records.pop(flow_id)
            if record is None:
                return Missing.USED if self._used.get(flow_id) else Missing.UNKNOWN
            self._used.put(flow_id, True, seconds)
            return record

    def read(self, flow_id: str) -> Record | None:
        with self._changed:
            return self._records.get(flow_id)

    def schedule(self, key: str, item: str, seconds: float) -> None:
        with self._changed:
            moments = self._due.setdefault(key, {})
            moments.pop(item, None)
            if len(moments) >= MAX_VALUES:
                moments.pop(next(iter(moments)))
            moments[item] = time.monotonic() + seconds

    def due(self, key: str, lease: float) -> str | None:
        with self._changed:
            now, moments = time.monotonic(), self._due.get(key, {})
            item = next((item for item, moment in moments.items() if moment <= now), None)
            if item is not None:
                moments[item] = now + lease
            return item

    def unschedule(self, key: str, item: str) -> None:
        with self._changed:
            self._due.get(key, {}).pop(item, None)

    def count(self, key: str, seconds: float) -> int:
        with self._changed:
            if (counter := self._counts.get(key)) is None:
                self._counts.put(key, counter := itertools.count(1), seconds)
            return next(counter)

    def claim(self, key: str, seconds: float) -> bool:
        with self._changed:
            if self._claims.get(key):
                return False
            self._claims.put(key, True, seconds, MAX_CLAIMS)
            return True

    def push(self, key: str, text: str, *, seconds: float, keep: int | None = None) -> list[Record]:
        with self._changed:
            texts = [*(self._lists.get(key) or ()), text]
            kept = texts if keep is None else texts[-keep:]
            self._lists.put(key, kept, seconds)
            self._changed.notify_all()
            return list(texts[: -len(kept)])

    def take_all(
        self, *keys: str, forget: str, mark: str, leave: tuple[str, float] | None = None
    ) -> tuple[list[list[Record]], float | None]:
        with self._changed:
            self._counts.pop(forget)
            remaining = self._marks.remaining(mark)
            if leave:
                self._marks.put(leave[0], True, leave[1])
            return [list(self._lists.pop(key) or ()) for key in keys], remaining

    def mark(self, key: str, seconds: float) -> None:
        with self._changed:
            self._marks.put(key, True, seconds)

    def is_marked(self, key: str) -> bool:
        with self._changed:
            return bool(self._marks.get(key))

    def drop_all(self, owner: str) -> None:
        with self._changed:
            for flow_id in self._owned.pop(owner) or ():
                self._records.pop(flow_id)

    def pop(self, key: str, timeout: float) -> Record | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._lists.get(key), timeout)
            texts = self._lists.get(key)
            return texts.pop(0) if texts else None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
