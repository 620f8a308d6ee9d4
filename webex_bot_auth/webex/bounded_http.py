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
        max_bytes: maximum size of an answer; None: any
        rate_limit_seconds: total seconds spent waiting for 429s; the last one is the caller's
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
        is_bots: whether the session is webex_bot's, which has its own proxies
    """

    def __init__(self, connections: Connections, limits: Limits, *, is_bots: bool) -> None:
        super().__init__()
        self._connections = connections
        self._limits = limits
        self._is_bots = is_bots

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, timeout: Any = None, proxies: Any = None, **options: Any
    ) -> requests.Response:
        """Send a request, again after a 429 while there is time.

        Raises:
            requests.RequestException: no answer, not in time, or it is too large
        """
        limits = self._limits
        give_up = time.monotonic() + limits.rate_limit_seconds
        can_be_sent_again = isinstance(request.body, (str, bytes, type(None)))
        if self._connections.proxies and not self._is_bots:
            proxies = self._connections.proxies
        while True:
            response = self._connections.send(
                request, seconds=limits.total_seconds, max_bytes=limits.max_bytes, proxies=proxies,
                timeout=timeout or (CONNECT_SECONDS, limits.read_seconds), **options,
            )  # fmt: skip
            if response.status_code != 429 or not can_be_sent_again:
                return response
            wait = max(MIN_RATE_LIMIT_WAIT, retry_after(response.headers) or 0.0)
            if time.monotonic() + wait > give_up:
                return response
            response.close()
            time.sleep(wait)

    def close(self) -> None:
        """Nothing to do: see :meth:`Connections.close`."""


def let_use(
    session: requests.Session, connections: Connections, limits: Limits, *, is_bots: bool = False
) -> None:
    """Let a session use connections, within limits, without the credentials in ~/.netrc."""
    adapter = BoundedAdapter(connections, limits, is_bots=is_bots)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    session.auth = lambda request: request  # else requests looks there


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
