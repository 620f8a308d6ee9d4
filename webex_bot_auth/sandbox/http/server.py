"""A threaded HTTP/1.1 server that keeps connections alive, and stops at once with all its threads."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

NO_LINGER = struct.pack("ii", 1, 0)  # a socket that lingers for 0 seconds is closed with a reset


class Handler(WSGIRequestHandler):
    """Answers requests; unlike werkzeug's handler, it reads whole bodies and keeps connections alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; the second would wait 40 ms

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self._read_body(environ))
        environ["wsgi.input_terminated"] = True
        try:
            body, status, headers = run_wsgi_app(self.server.app, environ)
            try:
                self._answer(environ["REQUEST_METHOD"], int(status.split()[0]), headers, body)
            finally:  # also where the client has gone before the first byte: the body may be an open file
                close = getattr(body, "close", None)
                if close:
                    close()
        except ConnectionError as error:
            self.connection_dropped(error)

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):  # the body is chunked
            return bytes(environ["wsgi.input"].read())
        length = environ.get("CONTENT_LENGTH") or "0"
        return self.rfile.read(int(length)) if length.isascii() and length.isdigit() else b""

    def _answer(self, method: str, status: int, headers: Headers, body: Iterable[bytes]) -> None:
        bodiless = method == "HEAD" or status in (204, 304)
        chunked = not bodiless and "Content-Length" not in headers
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in body if not bodiless else ():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked and part else part)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # noqa: ARG002 - signature of werkzeug
        """Close the connection."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing, as query strings contain codes and states."""


class HttpServer(ThreadedWSGIServer):
    """Serves a WSGI application, on 127.0.0.1 only.

    Args:
        app: The WSGI application.
        port: The port; 0 for any free one.

    Raises:
        OSError: The port is taken.
    """

    timeout = 0.5  # seconds after which the thread looks whether to stop, if close() cannot wake it

    def __init__(self, app: Any, port: int) -> None:
        # werkzeug would exit the process if the port is taken, so the socket is made here
        with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
            super().__init__("127.0.0.1", port, app, Handler, fd=listener.fileno())
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sandbox-http", daemon=True)

    def start(self) -> None:
        """Start to answer requests."""
        self._thread.start()

    def close(self) -> None:
        """Stop, close all connections and wait for their threads."""
        if not self._thread.is_alive():  # never started, or this process was forked
            self.server_close()
            return
        self._closing.set()
        with suppress(OSError):  # wakes the thread, which would look only after a timeout
            socket.create_connection(("127.0.0.1", self.port), timeout=0.1).close()
        self._thread.join()
        self.server_close()
        with self._lock:
            remaining = dict(self._open)
        for connection, thread in remaining.items():
            _shut(connection)
            thread.join()

    def _serve(self) -> None:
        while not self._closing.is_set():
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own."""
        if self._closing.is_set():
            self.shutdown_request(request)
            return
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="sandbox-http",
            daemon=True,
        )
        with self._lock:
            thread.start()  # first: if it cannot, there is nothing to wait for
            self._open[request] = thread

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer the requests of one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def shutdown_request(self, request: Any) -> None:
        """Close a connection at once; werkzeug would shut it down first, which prevents a reset."""
        self.close_request(request)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # already closed
        return


def reset(connection: socket.socket) -> ConnectionResetError:
    """Prepare a connection so that closing it resets it.

    Returns:
        The error that the caller has to raise, which makes the handler close the connection.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    return ConnectionResetError("reset by a fault")
