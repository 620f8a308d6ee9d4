"""HTTP whose every wait has an end, and whose answers have a maximum size."""

from __future__ import annotations

from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter

from .connections import Connections

CONNECT_SECONDS = 5.0


class BoundedAdapter(BaseAdapter):
    """What a session sends its requests through. Closing the session leaves the connections open, for others.

    Args:
        connections: what it sends them on
        read_seconds: maximum wait for each piece of an answer
        total_seconds: maximum time for a whole answer
        max_bytes: maximum size of an answer; None: any, read by its caller
    """

    def __init__(
        self,
        connections: Connections,
        *,
        read_seconds: float,
        total_seconds: float,
        max_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self._connections = connections
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._total_seconds = total_seconds
        self._max_bytes = max_bytes

    def mount(self, session: requests.Session) -> None:
        """Let a session use it, without the credentials that requests would take from ~/.netrc."""
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)
        session.auth = lambda request: request

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, and read the answer if its size is limited.

        Raises:
            requests.RequestException: no answer, not in time, or it is too large
        """
        options["timeout"] = options.get("timeout") or self._timeout
        if self._max_bytes is not None:
            options["stream"] = True
        response = self._connections.send(request, seconds=self._total_seconds, **options)
        if self._max_bytes is not None:
            response._content = _read(response, self._max_bytes)
        return response

    def close(self) -> None:
        """Nothing to do: see :meth:`Connections.close`."""


def _read(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        for chunk in response.iter_content(4096):
            body += chunk
            if len(body) > max_bytes:
                break
    except urllib3.exceptions.HTTPError as error:
        response.close()
        raise requests.exceptions.ConnectionError(type(error).__name__) from None
    if len(body) > max_bytes:
        response.close()
        raise requests.exceptions.ConnectionError("the answer is too large")
    return bytes(body)
