"""Short-lived texts in the memory of one process, which runs both the bot and the redirect."""

from __future__ import annotations

import heapq
import threading
import time
from typing import Any

from ..forks import start_afresh_now_and_after_forks
from . import Missing, Record

#: a login under way has up to five values, a message one
MAX_VALUES = 20_000


class MemoryFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`. What has expired is dropped with the next write.

    So is what expires next, where there would be more than :data:`MAX_VALUES` values.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[float, Any]] = {}  # by kind and key, with their expiry
        self._expiries: list[tuple[float, tuple[str, str]]] = []  # a heap: the first to expire is the first
        self._due: dict[str, dict[str, float]] = {}  # moments of items by schedule
        self._closed = False
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.forks`."""
        self._changed = threading.Condition()

    def __str__(self) -> str:
        return "memory"

    def put(self, flow_id: str, record: str, *, owner: str, seconds: float, keep: int) -> None:
        with self._changed:
            self._put("record", flow_id, record, seconds)
            owned = [*(self._get("owned", owner) or ()), flow_id]
            for dropped in owned[:-keep]:
                self._pop("record", dropped)
            self._put("owned", owner, owned[-keep:], seconds)

    def take(self, flow_id: str, *, seconds: float) -> Record | Missing:
        with self._changed:
            record: str | None = self._pop("record", flow_id)
            if record is None:
                return Missing.USED if self._get("used", flow_id) else Missing.UNKNOWN
            self._put("used", flow_id, True, seconds)
            return record

    def read(self, flow_id: str) -> Record | None:
        with self._changed:
            record: str | None = self._get("record", flow_id)
            return record

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
            if (counted := self._get("count", key)) is None:
                self._put("count", key, counted := [], seconds)
            counted.append(None)
            return len(counted)

    def claim(self, key: str, seconds: float) -> bool:
        with self._changed:
            if self._get("claim", key):
                return False
            self._put("claim", key, True, seconds)
            return True

    def push(self, key: str, text: str, *, seconds: float, keep: int | None = None) -> list[Record]:
        with self._changed:
            texts = [*(self._get("list", key) or ()), text]
            kept = texts if keep is None else texts[-keep:]
            self._put("list", key, kept, seconds)
            self._changed.notify_all()
            return texts[: -len(kept)]

    def take_all(
        self, *keys: str, forget: str, mark: str, leave: tuple[str, float] | None = None
    ) -> tuple[list[list[Record]], float | None]:
        with self._changed:
            self._pop("count", forget)
            remaining = self._values.get(("mark", mark), (0.0, None))[0] - time.monotonic()
            if leave:
                self._put("mark", leave[0], True, leave[1])
            return [self._pop("list", key) or [] for key in keys], remaining if remaining > 0 else None

    def mark(self, key: str, seconds: float) -> None:
        with self._changed:
            self._put("mark", key, True, seconds)

    def is_marked(self, key: str) -> bool:
        with self._changed:
            return bool(self._get("mark", key))

    def drop_all(self, owner: str) -> None:
        with self._changed:
            for flow_id in self._pop("owned", owner) or ():
                self._pop("record", flow_id)

    def pop(self, key: str, timeout: float) -> Record | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._get("list", key), timeout)
            texts: list[str] | None = self._get("list", key)
            return texts.pop(0) if texts else None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, kind: str, key: str, value: Any, seconds: float) -> None:
        now = time.monotonic()
        while self._expiries and (self._expiries[0][0] <= now or len(self._values) >= MAX_VALUES):
            expires, place = heapq.heappop(self._expiries)
            if place in self._values and self._values[place][0] == expires:  # else it was put again since
                del self._values[place]
        self._values[kind, key] = (now + seconds, value)
        if len(self._expiries) > 2 * len(self._values) + 64:  # most are of values that are gone or put again
            self._expiries = [(expires, place) for place, (expires, _) in self._values.items()]
            heapq.heapify(self._expiries)
            return
        heapq.heappush(self._expiries, (now + seconds, (kind, key)))

    def _get(self, kind: str, key: str) -> Any:
        expires, value = self._values.get((kind, key), (0.0, None))
        return value if expires > time.monotonic() else None

    def _pop(self, kind: str, key: str) -> Any:
        value = self._get(kind, key)
        self._values.pop((kind, key), None)
        return value
