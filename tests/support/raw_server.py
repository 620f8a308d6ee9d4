"""An HTTP server that answers with given bytes, also with bytes that are no valid answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any


def answer(status: int, body: Any, **headers: str) -> bytes:
    """The bytes of an HTTP answer.

    Args:
        status: HTTP status
        body: bytes, or what is sent as JSON
        headers: further headers, with ``_`` for ``-``
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


class RawServer:
    """Answers each connection with the same bytes.

    Args:
        at_once: bytes that are sent at once
        dripping: bytes that are sent one by one after that, without end if it is infinite
        pause: seconds between two of these

    Attributes:
        requests: all requests that it has received
    """

    def __init__(self, at_once: bytes, dripping: Iterable[int] = b"", pause: float = 0.05) -> None:
        self.requests: list[bytes] = []
        self._at_once = at_once
        self._dripping = dripping
        self._pause = pause
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address, with the path of a token endpoint."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/access_token"

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the server is stopping
                return
            self._threads.append(threading.Thread(target=self._talk, args=(connection,)))
            self._threads[-1].start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client may close the connection
            self.requests.append(_request(connection))
            connection.sendall(self._at_once)
            for byte in self._dripping:
                if self._stopping.wait(self._pause):
                    return
                connection.sendall(bytes([byte]))


def _request(connection: socket.socket) -> bytes:
    """Read a request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
    )
    while len(body) < int(length.split(b":")[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
