"""Faults that can be switched on while the cloud runs: how a bot behaves when Webex does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

GRANTS = {"exchange": "authorization_code", "refresh": "refresh_token"}
WRONG_TYPES: dict[str, Any] = {
    "access_token": 17,
    "expires_in": "soon",
    "refresh_token": ["a", "b"],
    "refresh_token_expires_in": {},
    "token_type": None,
    "scope": 3.5,
    "id": {},
    "items": "none",
    "emails": 42,
    "displayName": [],
}


@dataclass
class Fault:
    """A fault that is switched on; leaving it as a context manager, or ``clear()``, switches it off.

    ``seen`` counts how often it struck.
    """

    where: Literal["token", "rest", "websocket"]
    kind: str
    faults: Faults = field(repr=False)
    times: int | None = None
    grant: str = ""
    path: str = ""
    method: str = ""
    status: int = 0
    retry_after: int | None = None
    seconds: float = 0.0
    seen: int = 0

    def clear(self) -> None:
        """Switch it off; requests that it holds go on."""
        self.faults.remove(self)

    def wait(self, timeout: float = 10) -> None:
        """Wait until it has struck.

        Raises:
            TimeoutError: it did not within ``timeout`` seconds.
        """
        self.faults.wait_until_seen(self, timeout)

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


class Faults:
    """What is switched on. Each of the three methods switches on exactly one kind of fault.

    ``times`` is how often it strikes; without it, until it is cleared.
    """

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self._changed = threading.Condition()
        self._closed = False

    def token(
        self, *, grant: Literal["exchange", "refresh"] | None = None, times: int | None = None, **kind: Any
    ) -> Fault:
        """Disturb the token endpoint, for exchanges, refreshes or both.

        Kinds: ``status=503`` (with ``retry_after=`` seconds), ``reset=True`` (the connection), ``hang=True``
        (no answer until cleared), ``html=True`` (HTML with 200), ``empty=True`` (``{}`` with 200),
        ``wrong_types=True`` (JSON with 200 whose values have the wrong types), ``slow=`` seconds.
        """
        return self._add(Fault("token", "", self, times, GRANTS[grant] if grant else ""), kind, HTTP_KINDS)

    def rest(self, path: str = "/v1/", *, method: str = "", times: int | None = None, **kind: Any) -> Fault:
        """Disturb the REST API below a path, for one method or all; the kinds are those of ``token``."""
        return self._add(Fault("rest", "", self, times, path=path, method=method.upper()), kind, HTTP_KINDS)

    def websocket(self, *, times: int | None = None, **kind: Any) -> Fault:
        """Disturb the websocket.

        Kinds: ``drop=True`` (the connection breaks when an event is due), ``duplicate=True`` (events come
        twice), ``refuse=503`` (the handshake is answered with this status).
        """
        return self._add(Fault("websocket", "", self, times), kind, SOCKET_KINDS)

    def _add(self, fault: Fault, kind: dict[str, Any], known: frozenset[str]) -> Fault:
        fault.retry_after = kind.pop("retry_after", None)
        if len(kind) != 1 or not known.issuperset(kind):
            raise TypeError(f"one kind of fault is needed, of {', '.join(sorted(known))}")
        fault.kind, value = kind.popitem()
        if fault.kind in {"status", "refuse"}:
            fault.status = value
        elif fault.kind == "slow":
            fault.seconds = value
        with self._changed:
            self._active.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Switch one fault off."""
        with self._changed:
            self._active = [one for one in self._active if one is not fault]
            self._changed.notify_all()

    def clear(self) -> None:
        """Switch all faults off."""
        with self._changed:
            self._active = []
            self._changed.notify_all()

    def close(self) -> None:
        """Let go of whoever is held by a fault, for good."""
        with self._changed:
            self._closed = True
            self._active = []
            self._changed.notify_all()

    # -- what the servers ask

    def strike_http(self, method: str, path: str, grant: str) -> Fault | None:
        """Return the fault that strikes this request, if any, and count it."""
        is_token = path == "/v1/access_token"

        def fits(fault: Fault) -> bool:
            if fault.where == "token":
                return is_token and fault.grant in ("", grant)
            return fault.where == "rest" and path.startswith(fault.path) and fault.method in ("", method)

        return self._strike(fits)

    def strike_websocket(self, kind: str) -> Fault | None:
        """Return the fault of this kind that strikes the websocket, if any, and count it."""
        return self._strike(lambda fault: fault.where == "websocket" and fault.kind == kind)

    def _strike(self, fits: Callable[[Fault], bool]) -> Fault | None:
        with self._changed:
            for fault in self._active:
                if fits(fault) and (fault.times is None or fault.seen < fault.times):
                    fault.seen += 1
                    self._changed.notify_all()
                    return fault
        return None

    def wait_until_seen(self, fault: Fault, timeout: float) -> None:
        """Wait until a fault has struck.

        Raises:
            TimeoutError: it did not within ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: fault.seen > 0, timeout):
                raise TimeoutError(f"{fault} did not strike within {timeout} s")

    def hold(self, fault: Fault) -> bool:
        """Wait as long as a fault says; tell whether the request may go on."""
        with self._changed:
            if fault.kind == "slow":
                self._changed.wait_for(lambda: self._closed, fault.seconds)
            elif fault.kind == "hang":
                self._changed.wait_for(lambda: fault not in self._active)
            return not self._closed


HTTP_KINDS = frozenset({"status", "reset", "hang", "html", "empty", "wrong_types", "slow"})
SOCKET_KINDS = frozenset({"drop", "duplicate", "refuse"})
