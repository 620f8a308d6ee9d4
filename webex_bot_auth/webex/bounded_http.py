"""HTTP whose every wait has an end: requests limits the wait for each piece of an answer, never the whole.

An answer that arrives byte by byte, headers included, is given up when its time is over.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_SECONDS = 5.0


class _DeadlineReader(socket.SocketIO):
    """Reads from a socket until a moment has come."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__(sock, "r")
        self._deadline = deadline

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        sock: socket.socket = self._sock  # type: ignore[attr-defined]
        sock.settimeout(min(left, sock.gettimeout() or left))
        return super().readinto(buffer)


class _DeadlineSocket:
    """What ``http.client`` reads an answer from."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, *_: Any) -> io.BufferedReader:
        reader = _DeadlineReader(self._sock, self._deadline)
        self._sock._io_refs += 1  # as socket.makefile() does: the connection may be closed before the reader
        return io.BufferedReader(reader)


def _connection(base: type[Any], total_seconds: float) -> type[Any]:
    class Connection(base):  # type: ignore[misc]
        """A connection each of whose answers has to be there in time."""

        def request(self, *arguments: Any, **options: Any) -> None:
            self._deadline = time.monotonic() + total_seconds
            super().request(*arguments, **options)

        def response_class(self, sock: Any, *arguments: Any, **options: Any) -> HTTPResponse:
            return HTTPResponse(_DeadlineSocket(sock, self._deadline), *arguments, **options)  # type: ignore[arg-type]

    return Connection


class BoundedAdapter(HTTPAdapter):
    """For ``Session.mount``.

    Args:
        read_seconds: maximum wait for each piece of an answer
        total_seconds: maximum time for a whole answer
        max_bytes: maximum size of an answer; None: any, read by whoever asked
    """

    def __init__(self, *, read_seconds: float, total_seconds: float, max_bytes: int | None = None) -> None:
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._total_seconds = total_seconds
        self._max_bytes = max_bytes
        super().__init__(pool_maxsize=10)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes()

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._pool_classes()
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, and read the answer if its size is limited.

        Raises:
            requests.RequestException: no answer, not in time, or it is too large
        """
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        if self._max_bytes is None:
            return super().send(request, *args, **kwargs)
        response = super().send(request, *args, **{**kwargs, "stream": True})
        response._content = _read(response, self._max_bytes)
        return response

    def _pool_classes(self) -> dict[str, type[HTTPConnectionPool]]:
        total = self._total_seconds
        http = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": _connection(HTTPConnection, total)})
        https = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": _connection(HTTPSConnection, total)})
        return {"http": http, "https": https}


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
