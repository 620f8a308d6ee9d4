"""A threaded HTTP/1.1 server that keeps connections alive, stops at once and leaves no thread behind."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

RESET = struct.pack("ii", 1, 0)  # linger for no time: closing the socket resets the connection


class Handler(WSGIRequestHandler):
    """Answers requests; unlike werkzeug's own, it reads each body whole and can keep the connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: together they would wait 40 ms

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self._read_body(environ))
        environ["wsgi.input_terminated"] = True
        try:
            body, status, headers = run_wsgi_app(self.server.app, environ)
            self._answer(environ["REQUEST_METHOD"], int(status.split()[0]), headers, body)
        except ConnectionError as error:
            self.connection_dropped(error)

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):  # it comes in chunks
            return bytes(environ["wsgi.input"].read())
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def _answer(self, method: str, status: int, headers: Headers, body: Iterable[bytes]) -> None:
        bodiless = method == "HEAD" or status in (204, 304)
        chunked = not bodiless and "Content-Length" not in headers
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in body if not bodiless else ():
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked and part else part)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        finally:
            close = getattr(body, "close", None)
            if close:
                close()

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # noqa: ARG002 - theirs
        """Give the connection up."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep quiet: a query string holds codes and states."""


class HttpServer(ThreadedWSGIServer):
    """Listens on 127.0.0.1 only."""

    def __init__(self, app: Any, port: int) -> None:
        # werkzeug would end the process where a port is taken, so the socket is made here
        with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
            super().__init__("127.0.0.1", port, app, Handler, fd=listener.fileno())
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="sandbox-http", daemon=True
        )

    def start(self) -> None:
        """Start to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop, break all connections and wait for their threads."""
        if self._thread.ident is None:  # it was never started
            self.server_close()
            return
        self.shutdown()
        self._thread.join()
        with self._lock:
            remaining = dict(self._open)
        for connection, thread in remaining.items():
            _shut(connection)
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection a thread."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="sandbox-http",
            daemon=True,
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer the requests of one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; werkzeug's would say goodbye first, where a fault wants a reset."""
        self.close_request(request)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


def reset(connection: socket.socket) -> ConnectionResetError:
    """Make a connection end with a reset; return the error that the handler has to raise."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    return ConnectionResetError("reset by a fault")
