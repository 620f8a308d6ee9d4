"""Connections to Webex that stay open from one call to the next, shared by all calls of a token manager.

A new one costs several round trips before the first byte: TCP, TLS and then the request. What belongs to one
person, a token or a cookie, is in that person's session and never in a connection.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from ..ground.turn import check_turn
from .deadlines import Call, Deadlines

#: connections to one host that stay open at most: more than there are threads that use them
KEPT = 512
#: a connection that was idle for longer is not used again: firewalls forget it, and tell neither end; seconds
MAX_IDLE_SECONDS = 240.0
#: the same for what may not be sent twice: many servers close a connection after a minute; seconds
MAX_IDLE_SECONDS_TO_POST = 50.0

_call: ContextVar[Call] = ContextVar("webex_bot_auth_call")


class Connections:
    """Open connections, for any number of threads.

    Args:
        proxies: as requests takes them; None: the environment's

    Attributes:
        proxies: the same; what is changed here holds for calls from then on
    """

    def __init__(self, proxies: Mapping[str, Any] | None = None) -> None:
        self.proxies = None if proxies is None else dict(proxies)
        self._pool, self._deadlines = _Pool(pool_maxsize=KEPT), Deadlines()
        self._inherited: list[_Pool] = []

    def send(
        self,
        request: requests.PreparedRequest,
        *,
        seconds: float,
        max_bytes: int | None = None,
        stream: bool = False,
        **options: Any,
    ) -> requests.Response:
        """Send a request, and read the answer.

        The server may close a connection just when it is used again. What only reads is then sent on a new
        one; anything else may have been done already, and is not repeated.

        Args:
            request: what to send
            seconds: time for the whole answer
            max_bytes: maximum size of an answer, which is then read here; None: any
            stream: leave the answer to the caller to read, within the same time
            options: see :meth:`requests.adapters.HTTPAdapter.send`

        Raises:
            requests.RequestException: there is no answer, not in time, or it is too large
            TurnLost: it is sent because of a message that another process may be handling now
        """
        check_turn()
        is_repeatable = request.method in ("GET", "HEAD")
        max_idle = MAX_IDLE_SECONDS if is_repeatable else MAX_IDLE_SECONDS_TO_POST
        call = Call(time.monotonic() + seconds, max_idle)
        outer = _call.set(call)
        try:
            self._deadlines.add(call)
            try:
                response = self._pool.send(request, stream=True, **options)
            except requests.ConnectionError:
                if not is_repeatable or call.connection is None or call.is_on_new or call.is_late:
                    raise
                call.max_idle = -1.0
                response = self._pool.send(request, stream=True, **options)
            if max_bytes is not None:
                response.raw = io.BytesIO(_read(response, max_bytes))
            elif stream and (response.raw.chunked or response.raw.length_remaining is not None):
                call.streamed = response.raw  # says itself where it has to end: what is cut off is noticed
            else:
                _ = response.content  # requests keeps it
        except requests.RequestException as error:
            if call.is_late and not isinstance(error, requests.Timeout):
                raise requests.ReadTimeout("the answer takes too long", request=request) from error
            raise
        else:
            if call.is_late and call.streamed is None:  # it may end because it was cut off
                raise requests.ReadTimeout("the answer takes too long", request=request)
            return response
        finally:
            _call.reset(outer)
            if call.streamed is None:
                self._deadlines.remove(call)

    def close(self) -> None:
        """Close them. Later calls open new ones."""
        self._pool.close()
        self._deadlines.close()

    def reset(self) -> None:
        """Forget all connections without closing them, as after a fork: they belong to the parent."""
        self._inherited.append(self._pool)  # its end would wait for locks that the parent's threads may hold
        self._pool, self._deadlines = _Pool(pool_maxsize=KEPT), Deadlines()


def _read(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        # not stream(), which reads a line of any length between two pieces
        while piece := response.raw.read(4096, decode_content=True):
            body += piece
            if len(body) > max_bytes:
                response.close()
                raise requests.ConnectionError("the answer is too large", request=response.request)
    except HTTPError as error:
        raise requests.ConnectionError(error, request=response.request) from error
    return bytes(body)


class _Pool(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _use_our_connections(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        _use_our_connections(manager)
        return manager


def _use_our_connections(manager: Any) -> None:
    """Let a manager of pools (for SOCKS, it has its own) open connections that know of their call."""
    classes = manager.pool_classes_by_scheme
    if not issubclass(classes["https"].ConnectionCls, _Connection):
        manager.pool_classes_by_scheme = {
            scheme: type(
                pool.__name__,  # the errors' texts have it
                (pool,),
                {"ConnectionCls": type("Connection", (_Connection, pool.ConnectionCls), {})},
            )
            for scheme, pool in classes.items()
        }


class _Connection(HTTPConnection):
    """A connection whose calls can be cut off."""

    used_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Tell whether it may be used again; urllib3 opens it again where not."""
        return super().is_connected and time.monotonic() - self.used_at <= _call.get().max_idle

    def connect(self) -> None:
        call = _call.get()
        call.connection, call.socket, call.is_on_new = self, None, True
        super().connect()

    def request(self, *arguments: Any, **options: Any) -> None:
        call, self.used_at = _call.get(), time.monotonic()
        call.connection = self
        super().request(*arguments, **options)
        call.socket = self.sock

    def getresponse(self) -> Any:
        response = super().getresponse()
        if response.status < 200:
            self.close()  # the real answer is still to come, and must not be that to another call
        return response
