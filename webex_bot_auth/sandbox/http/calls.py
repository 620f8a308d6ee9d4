"""The record of the HTTP calls that clients have made, so that tests can count them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, overload
from urllib.parse import parse_qsl

from ..model.people import Person
from .strict_json import loads


@dataclass
class Call:
    """An HTTP call, with its secrets as they were sent.

    Attributes:
        method: The HTTP method.
        path: The path.
        query: The parameters of the query.
        form: The fields of a form or of a JSON object.
        person: The owner of the token that it was made with; None without a known token.
        status: The HTTP status of the answer; None until it is answered.
        started: When the request arrived, by the sandbox's clock; None for a call that was made by hand.
        headers: The headers of the request.
        body: The body of the request.
        duration: How long the answer took, in seconds; None until it is answered.
        answer_headers: The headers of the answer.
        answer_body: The body of the answer.
    """

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, Any] = field(repr=False)
    person: Person | None
    status: int | None = None
    started: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    duration: float | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer_body: bytes = field(default=b"", repr=False)


class Calls(Sequence[Call]):
    """The calls to the REST API, to OAuth and to device registration, oldest first.

    Attributes:
        listeners: Called with each call, when it arrives and when it has been answered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self.listeners: list[Callable[[Call], None]] = []

    def add(self, call: Call) -> None:
        """Record a call."""
        with self._lock:
            self._calls.append(call)
        self.tell(call)

    def tell(self, call: Call) -> None:
        """Tell the listeners that a call has arrived or has been answered."""
        for listener in self.listeners:
            listener(call)

    def to(self, path: str, *, method: str = "", **form: Any) -> list[Call]:
        """Return the calls to a path.

        Args:
            path: The path.
            method: The HTTP method; empty for all.
            **form: Fields that the form or the query has to have, with their values.
        """
        return [
            call
            for call in self
            if call.path == path
            and method.upper() in ("", call.method)
            and form.items() <= {**call.query, **call.form}.items()
        ]

    def exchanges(self) -> list[Call]:
        """Return the calls that exchanged an authorization code for tokens."""
        return self.to("/v1/access_token", grant_type="authorization_code")

    def refreshes(self) -> list[Call]:
        """Return the calls that refreshed tokens."""
        return self.to("/v1/access_token", grant_type="refresh_token")

    def clear(self) -> None:
        """Remove all calls from the record."""
        with self._lock:
            self._calls.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._calls)

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        with self._lock:
            return self._calls[index]

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))


def form_fields(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the fields of a form or of a JSON object; none for any other body."""
    try:
        if content_type.startswith("application/json"):
            parsed = loads(body or b"{}")
            return parsed if isinstance(parsed, dict) else {}
        if content_type.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:  # malformed: the endpoint reports it
        pass
    return {}
