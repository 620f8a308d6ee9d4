"""Faults that can be switched on while the sandbox runs, to see how a bot behaves when Webex fails."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from ..model.people import Person
from .calls import Call

GRANTS = {"exchange": "authorization_code", "refresh": "refresh_token"}
HTTP_KINDS = frozenset({"status", "reset", "hang", "html", "empty", "wrong_types", "slow", "rate"})
WEBSOCKET_KINDS = frozenset({"drop", "duplicate", "refuse"})
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
    """A fault that is switched on; ``clear()`` or the end of its ``with`` block switches it off.

    Attributes:
        where: What it disturbs.
        kind: What it does: a keyword of the method of ``Faults`` that made it.
        faults: All faults of the sandbox.
        times: How often it takes effect; None for as long as it is switched on.
        grant: The ``grant_type`` that it is limited to; empty for all.
        path: The beginning of the paths that it is limited to.
        method: The HTTP method that it is limited to; empty for all.
        status: The HTTP status that it answers with.
        retry_after: The ``Retry-After`` of that answer, in seconds; None for no such header.
        seconds: How long it delays an answer, or the length of the time in which a rate counts calls.
        rate: How many calls a person or bot may make in that time.
        calls: When calls were made, by the person or bot, in seconds since 1970.
        seen: How often it has taken effect so far.
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
    rate: int = 0
    calls: dict[Person | None, list[float]] = field(default_factory=dict, repr=False)

    def exceeded(self, person: Person | None, now: float) -> bool:
        """Count a call, and return True if there were more than the rate allows; such a call does not count.

        ``retry_after`` is then when the next one is allowed, in seconds.
        """
        recent = [moment for moment in self.calls.get(person, ()) if moment > now - self.seconds]
        self.calls[person] = recent
        if len(recent) < self.rate:
            recent.append(now)
            return False
        self.retry_after = max(1, math.ceil(recent[0] + self.seconds - now))
        return True

    def clear(self) -> None:
        """Switch it off; requests that it holds go on."""
        self.faults.remove(self)

    def wait(self, timeout: float = 30) -> None:
        """Wait until it has taken effect.

        Args:
            timeout: Maximum wait, in seconds.

        Raises:
            TimeoutError: It did not take effect in time.
        """
        self.faults.wait_until_seen(self, timeout)

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


class Faults:
    """The faults of a sandbox; ``token``, ``rest`` and ``websocket`` each switch on one fault.

    Attributes:
        listeners: Called after faults were switched on or off, or have taken effect.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[], None]] = []
        self._active: list[Fault] = []
        self._changed = threading.Condition()
        self._closed = False

    def token(
        self, *, grant: Literal["exchange", "refresh"] | None = None, times: int | None = None, **kind: Any
    ) -> Fault:
        """Disturb the token endpoint.

        Args:
            grant: What to disturb; None for both exchanges and refreshes.
            times: How often; None until it is cleared.
            **kind: Exactly one of ``status=503`` (optionally with ``retry_after=`` seconds), ``reset=True``
                (the connection is reset), ``hang=True`` (no answer until it is cleared), ``html=True``
                (HTML with status 200), ``empty=True`` (``{}`` with status 200), ``wrong_types=True`` (JSON
                with status 200 whose values have wrong types), ``slow=`` seconds until the answer and
                ``rate=(10, 60)`` (429 with ``Retry-After`` after 10 calls of a person or bot in 60 s).

        Raises:
            TypeError: Not exactly one known kind is given.
        """
        return self._add(Fault("token", "", self, times, GRANTS[grant] if grant else ""), kind, HTTP_KINDS)

    def rest(self, path: str = "/v1/", *, method: str = "", times: int | None = None, **kind: Any) -> Fault:
        """Disturb the REST API.

        Args:
            path: The beginning of the paths to disturb.
            method: The HTTP method to disturb; empty for all.
            times: How often; None until it is cleared.
            **kind: As for ``token``.

        Raises:
            TypeError: Not exactly one known kind is given.
        """
        return self._add(Fault("rest", "", self, times, path=path, method=method.upper()), kind, HTTP_KINDS)

    def websocket(self, *, times: int | None = None, **kind: Any) -> Fault:
        """Disturb the websocket.

        Args:
            times: How often; None until it is cleared.
            **kind: Exactly one of ``drop=True`` (the connection breaks when an event is to be sent),
                ``duplicate=True`` (events are sent twice) and ``refuse=503`` (the handshake is answered
                with this status).

        Raises:
            TypeError: Not exactly one known kind is given.
        """
        return self._add(Fault("websocket", "", self, times), kind, WEBSOCKET_KINDS)

    def _add(self, fault: Fault, kind: dict[str, Any], known: frozenset[str]) -> Fault:
        fault.retry_after = kind.pop("retry_after", None)
        if len(kind) != 1 or not known.issuperset(kind):
            raise TypeError(f"one kind of fault is needed, of {', '.join(sorted(known))}")
        fault.kind, value = kind.popitem()
        if fault.kind in {"status", "refuse"}:
            fault.status = value
        elif fault.kind == "slow":
            fault.seconds = value
        elif fault.kind == "rate":
            fault.status, (fault.rate, fault.seconds) = 429, value
        with self._changed:
            self._active.append(fault)
            self._tell()
        return fault

    def _tell(self) -> None:
        self._changed.notify_all()
        for listener in self.listeners:
            listener()

    def active(self) -> list[Fault]:
        """Return the faults that are switched on and can still take effect, oldest first."""
        with self._changed:
            return [one for one in self._active if one.times is None or one.seen < one.times]

    def remove(self, fault: Fault) -> None:
        """Switch one fault off."""
        with self._changed:
            self._active = [one for one in self._active if one is not fault]
            self._tell()

    def clear(self) -> None:
        """Switch all faults off."""
        with self._changed:
            self._active = []
            self._tell()

    def close(self) -> None:
        """Switch all faults off, for good; requests that they hold are cut off."""
        with self._changed:
            self._closed = True
            self._active = []
            self._tell()

    # -- for the servers

    def find_for_http(self, call: Call, now: float) -> Fault | None:
        """Return the fault to apply to a request and count it; None if there is none.

        Args:
            call: The request.
            now: The time by the sandbox's clock, in seconds since 1970.
        """
        grant = str(call.form.get("grant_type", ""))

        def fits(fault: Fault) -> bool:
            if fault.where == "token":
                is_hit = call.path == "/v1/access_token" and fault.grant in ("", grant)
            else:
                is_hit = fault.where == "rest" and call.path.startswith(fault.path)
                is_hit = is_hit and fault.method in ("", call.method)
            return is_hit and (fault.kind != "rate" or fault.exceeded(call.person, now))

        return self._find(fits)

    def find_for_websocket(self, kind: str) -> Fault | None:
        """Return the fault of this kind to apply to the websocket and count it; None if there is none."""
        return self._find(lambda fault: fault.where == "websocket" and fault.kind == kind)

    def _find(self, fits: Callable[[Fault], bool]) -> Fault | None:
        with self._changed:
            for fault in self._active:
                if fits(fault) and (fault.times is None or fault.seen < fault.times):
                    fault.seen += 1
                    self._tell()
                    return fault
        return None

    def wait_until_seen(self, fault: Fault, timeout: float) -> None:
        """Wait until a fault has taken effect, at most ``timeout`` seconds.

        Raises:
            TimeoutError: It did not take effect in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: fault.seen > 0, timeout):
                raise TimeoutError(f"{fault} did not take effect within {timeout} s")

    def hold(self, fault: Fault) -> bool:
        """Wait for as long as a ``slow`` or ``hang`` fault says.

        Returns:
            True if the request is to be answered, False if the sandbox is closing.
        """
        with self._changed:
            if fault.kind == "slow":
                self._changed.wait_for(lambda: self._closed, fault.seconds)
            elif fault.kind == "hang":
                self._changed.wait_for(lambda: fault not in self._active)
            return not self._closed
