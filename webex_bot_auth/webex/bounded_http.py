"""HTTP calls with a time limit for every wait and a maximum size for every answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter
from wxc_sdk.tokens import Tokens

from ..errors import WebexBotAuthError
from ..ground.clock import now
from .connections import Connections

CONNECT_SECONDS = 5.0
#: maximum wait that a service can ask for; seconds
MAX_RETRY_AFTER = 3600.0
#: minimum wait before a request is sent again, whatever a service asks for; seconds
MIN_RATE_LIMIT_WAIT = 1.0
#: gives other tokens in the place of those that Webex refuses; None: a login is needed
Renew = Callable[[], Tokens | None]


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
        tokens: the person's, which the session reads for each request; they are renewed in place
        renew: see :data:`Renew`; None: a 401 is the caller's
    """

    def __init__(
        self, connections: Connections, limits: Limits, *,
        is_bots: bool = False, tokens: Tokens | None = None, renew: Renew | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._connections, self._limits, self._is_bots = connections, limits, is_bots
        self._tokens, self._renew = tokens, renew

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, timeout: Any = None, proxies: Any = None, **options: Any
    ) -> requests.Response:
        """Send a request; again after a 429 while there is time, and once with renewed tokens after a 401.

        Webex has not acted on either. The answer to a second 401 is the caller's.

        Raises:
            requests.RequestException: no answer, not in time, or it is too large
        """
        limits, tokens, renew = self._limits, self._tokens, self._renew
        give_up = time.monotonic() + limits.rate_limit_seconds
        can_be_sent_again = isinstance(request.body, (str, bytes, type(None)))
        if self._connections.proxies and not self._is_bots:
            proxies = self._connections.proxies
        while True:
            response = self._connections.send(
                request, seconds=limits.total_seconds, max_bytes=limits.max_bytes, proxies=proxies,
                timeout=timeout or (CONNECT_SECONDS, limits.read_seconds), **options,
            )  # fmt: skip
            if response.status_code == 429 and can_be_sent_again:
                wait = max(MIN_RATE_LIMIT_WAIT, retry_after(response.headers) or 0.0)
                if time.monotonic() + wait > give_up:
                    return response
                response.close()
                time.sleep(wait)
            elif response.status_code == 401 and can_be_sent_again and tokens is not None and renew:
                if request.headers.get("Authorization") == f"Bearer {tokens.access_token}":
                    try:
                        renewed = renew()
                    except WebexBotAuthError:  # not known now; the handler of the 401 asks again, and says so
                        return response
                    if renewed is None:
                        return response
                    tokens.update(renewed)
                response.close()
                request.headers["Authorization"], renew = f"Bearer {tokens.access_token}", None
            else:
                return response

    def close(self) -> None:
        """Nothing to do: see :meth:`Connections.close`."""


def let_use(session: requests.Session, connections: Connections, limits: Limits, **options: Any) -> None:
    """Let a session use connections, within limits, without the credentials in ~/.netrc.

    Args:
        session: the session
        connections: what it sends its requests on
        limits: what each of them may take
        options: see :class:`BoundedAdapter`
    """
    adapter = BoundedAdapter(connections, limits, **options)
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
