"""Connections to Webex that stay open from one call to the next, shared by all calls of a token manager.

A new one costs several round trips before the first byte: TCP, TLS and then the request. What belongs to one
person, a token or a cookie, is in that person's session and never in a connection.

Every answer has to be there by a deadline, headers included: requests limits the wait for each piece of it,
never the whole.
"""

from __future__ import annotations

import io
import time
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..ground.forks import start_afresh_now_and_after_forks

#: connections to one host that stay open at most: more than there are threads that use them
KEPT = 512
#: a connection that was idle for longer is not used again: firewalls forget it, and tell neither end; seconds
MAX_IDLE_SECONDS = 240.0
#: the same for what may not be sent twice: many servers close a connection after a minute; seconds
MAX_IDLE_SECONDS_TO_POST = 50.0


@dataclass
class _Sending:
    """A request that is being sent.

    Attributes:
        deadline: when the whole answer has to be there, by the monotonic clock
        is_repeatable: whether it may be sent twice
        needs_new: whether it is sent on a new connection
        took_open: whether it has taken a connection that was open already
    """

    deadline: float
    is_repeatable: bool
    needs_new: bool = False
    took_open: bool = False

    @property
    def max_idle(self) -> float:
        return MAX_IDLE_SECONDS if self.is_repeatable else MAX_IDLE_SECONDS_TO_POST


_sending: ContextVar[_Sending] = ContextVar("webex_bot_auth_sending")


class Connections:
    """Open connections, for any number of threads."""

    def __init__(self) -> None:
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._pool = _Pool(pool_maxsize=KEPT)

    def send(self, request: requests.PreparedRequest, *, seconds: float, **options: Any) -> requests.Response:
        """Send a request.

        The server may close a connection just when it is used again. What only reads is then sent on a new
        one; anything else may have been done already, and is not repeated.

        Args:
            request: what to send
            seconds: time for the whole answer
            options: see :meth:`requests.adapters.HTTPAdapter.send`

        Raises:
            requests.RequestException: there is no answer
        """
        sending = _Sending(time.monotonic() + seconds, request.method in ("GET", "HEAD"))
        token = _sending.set(sending)
        try:
            try:
                return self._pool.send(request, **options)
            except requests.ConnectionError:
                if not (sending.is_repeatable and sending.took_open):
                    raise
                sending.needs_new = True
                return self._pool.send(request, **options)
        finally:
            _sending.reset(token)

    def close(self) -> None:
        """Close them. Later calls open new ones."""
        self._pool.close()


class _Pool(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _connection(base: type[Any]) -> type[Any]:
    class Connection(base):  # type: ignore[misc]
        """A connection each of whose answers has to be there in time."""

        used_at = 0.0

        def request(self, *arguments: Any, **options: Any) -> None:
            self.used_at = time.monotonic()
            super().request(*arguments, **options)

        def response_class(self, sock: Any, *arguments: Any, **options: Any) -> HTTPResponse:
            from_socket: Any = _DeadlineReader(sock, _sending.get().deadline)
            return HTTPResponse(from_socket, *arguments, **options)

    return Connection


def _pool(base: type[Any], connection: type[Any]) -> type[Any]:
    class Pool(base):  # type: ignore[misc]
        """Gives out connections; urllib3 itself replaces those that the server has closed before."""

        ConnectionCls = _connection(connection)

        def _get_conn(self, timeout: float | None = None) -> Any:
            connection, sending = super()._get_conn(timeout), _sending.get()
            if sending.needs_new or time.monotonic() - connection.used_at > sending.max_idle:
                connection.close()  # it is opened again when it is used
            sending.took_open = connection.sock is not None
            return connection

    return Pool


_POOLS = {
    "http": _pool(HTTPConnectionPool, HTTPConnection),
    "https": _pool(HTTPSConnectionPool, HTTPSConnection),
}


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a moment has come, for ``http.client``."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._reader = sock.makefile("rb", buffering=0)  # keeps the socket open until it is closed itself

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(min(left, self._sock.gettimeout() or left))
        count: int | None = self._reader.readinto(buffer)
        return count

    def close(self) -> None:
        self._reader.close()
        super().close()
