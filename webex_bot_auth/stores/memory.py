"""Short-lived texts in the memory of one process, which runs both the bot and the redirect."""

from __future__ import annotations

import heapq
import threading
import time
from typing import Any

from ..forks import start_afresh_now_and_after_forks
from . import Missing, Record


class MemoryFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`. What has expired is dropped with the next write."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[float, Any]] = {}  # by kind and key, with their expiry
        self._expiries: list[tuple[float, tuple[str, str]]] = []  # a heap: the first to expire is the first
        self._due: dict[str, float] = {}
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
            self._due.pop(flow_id, None)
            if record is None:
                return Missing.USED if self._get("used", flow_id) else Missing.UNKNOWN
            self._put("used", flow_id, True, seconds)
            return record

    def schedule(self, flow_id: str, seconds: float) -> None:
        with self._changed:
            self._due[flow_id] = time.monotonic() + seconds

    def due(self, lease: float) -> tuple[str, Record] | None:
        with self._changed:
            now = time.monotonic()
            for flow_id in [flow_id for flow_id, moment in self._due.items() if moment <= now]:
                if record := self._get("record", flow_id):
                    self._due[flow_id] = now + lease
                    return flow_id, record
                del self._due[flow_id]
            return None

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

    def take_all(self, key: str, *, forget: str, mark: str) -> tuple[list[Record], float | None]:
        with self._changed:
            self._pop("count", forget)
            remaining = self._values.get(("mark", mark), (0.0, None))[0] - time.monotonic()
            return self._pop("list", key) or [], remaining if remaining > 0 else None

    def mark(self, key: str, seconds: float) -> None:
        with self._changed:
            self._put("mark", key, True, seconds)

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
        while self._expiries and self._expiries[0][0] <= now:
            _, place = heapq.heappop(self._expiries)
            if place in self._values and self._values[place][0] <= now:  # else it was put again since
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
