"""HTTP calls with a time limit for every wait and a maximum size for every answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter

from ..ground.clock import now
from .connections import Connections

CONNECT_SECONDS = 5.0
#: maximum wait that a service can ask for; seconds
MAX_RETRY_AFTER = 3600.0
#: minimum wait before a request is sent again, whatever a service asks for; seconds
MIN_RATE_LIMIT_WAIT = 1.0


@dataclass(frozen=True)
class Limits:
    """What a request may take.

    Attributes:
        read_seconds: maximum wait for each piece of an answer
        total_seconds: maximum time for a whole answer
        max_bytes: maximum size of an answer; None: any, read by its caller
        rate_limit_seconds: so long, in all, 429s are waited out; the last one is the caller's
    """

    read_seconds: float
    total_seconds: float
    max_bytes: int | None = None
    rate_limit_seconds: float = 0.0


class BoundedAdapter(BaseAdapter):
    """What a session sends its requests through. Closing the session leaves the connections open, for others.

    Args:
        connections: what it sends them on
        limits: what each of them may take
    """

    def __init__(self, connections: Connections, limits: Limits) -> None:
        super().__init__()
        self._connections = connections
        self._limits = limits
        self._timeout = (CONNECT_SECONDS, limits.read_seconds)

    def mount(self, session: requests.Session) -> None:
        """Let a session use it, without the credentials that requests would take from ~/.netrc."""
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)
        session.auth = lambda request: request

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, again after a 429 while there is time; read the answer if its size is limited.

        Raises:
            requests.RequestException: no answer, not in time, or it is too large
        """
        give_up = time.monotonic() + self._limits.rate_limit_seconds
        can_be_sent_again = isinstance(request.body, (str, bytes, type(None)))
        while True:
            response = self._send_once(request, **options)
            wait = max(MIN_RATE_LIMIT_WAIT, retry_after(response.headers) or 0.0)
            too_late = time.monotonic() + wait > give_up
            if response.status_code != 429 or too_late or not can_be_sent_again:
                return response
            response.close()
            time.sleep(wait)

    def _send_once(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or self._timeout
        if self._limits.max_bytes is None:
            return self._connections.send(request, seconds=self._limits.total_seconds, **options)
        options["stream"] = True
        response = self._connections.send(request, seconds=self._limits.total_seconds, **options)
        response._content = _read(response, self._limits.max_bytes)
        return response

    def close(self) -> None:
        """Nothing to do: see :meth:`Connections.close`."""


def _read(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(4096):
        body += chunk
        if len(body) > max_bytes:
            response.close()
            raise requests.exceptions.ConnectionError("the answer is too large")
    return bytes(body)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds named by ``Retry-After``, as a number or a date (RFC 9110 section 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = (
            float(value)
            if value.isascii() and value.isdecimal()
            else parsedate_to_datetime(value).timestamp() - now()
        )
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
