"""An HTTP proxy as those of companies: it opens tunnels (CONNECT), and sends on what is not for TLS."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from .tls import relay


class ConnectProxy(socketserver.ThreadingTCPServer):
    """A proxy on this machine.

    Attributes:
        port: where it listens
        tunnels: host and port of each tunnel that was asked for
        requests: method and address of each request that was sent on
        credentials: what each of both brought as ``Proxy-Authorization``
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port: int = self.server_address[1]
        self.tunnels: list[str] = []
        self.requests: list[str] = []
        self.credentials: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


class _Handler(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the head is not for the proxy
    server: ConnectProxy

    def handle(self) -> None:
        method, target, version = self.rfile.readline().decode("ascii").split()
        headers = []
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            if name.lower() == "proxy-authorization":
                self.server.credentials.append(value)
            elif name.lower() not in ("connection", "proxy-connection"):
                headers.append(f"{name}: {value}")
        is_tunnel = method == "CONNECT"
        if is_tunnel:
            self.server.tunnels.append(target)
            host, _, port = target.rpartition(":")
        else:
            self.server.requests.append(f"{method} {target}")
            address = urlsplit(target)
            host, port = address.hostname or "", str(address.port or 80)
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))) as inside:
            if is_tunnel:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:  # one request, and whoever asks is told that there is no second one on this connection
                path = address._replace(scheme="", netloc="").geturl()
                head = [f"{method} {path} {version}", *headers, "Connection: close", "", ""]
                inside.sendall("\r\n".join(head).encode("latin-1"))
                self._send_body(inside, headers)
                answer = inside.makefile("rb", buffering=0)
                while line := answer.readline().rstrip():
                    if not line.lower().startswith(b"connection:"):
                        self.wfile.write(line + b"\r\n")
                self.wfile.write(b"Connection: close\r\n\r\n")
            relay(self.connection, inside)

    def _send_body(self, inside: socket.socket, headers: list[str]) -> None:
        lengths = [int(one.split(": ")[1]) for one in headers if one.lower().startswith("content-length:")]
        left = sum(lengths)
        while left > 0:
            piece = self.rfile.read(left)
            inside.sendall(piece)
            left -= len(piece)


@contextlib.contextmanager
def connect_proxy() -> Iterator[ConnectProxy]:
    """A proxy for the length of a ``with`` block."""
    with ConnectProxy() as proxy:
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            serving.join()
