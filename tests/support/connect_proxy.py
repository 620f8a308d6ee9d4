"""An HTTP proxy that opens tunnels (CONNECT), as those of companies do."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

from .tls import relay


class ConnectProxy(socketserver.ThreadingTCPServer):
    """A proxy on this machine.

    Attributes:
        port: where it listens
        tunnels: host and port of each tunnel that was asked for
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.port: int = self.server_address[1]
        self.tunnels: list[str] = []


class _Tunnel(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the head is not for the proxy
    server: ConnectProxy

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode("ascii").split()
        assert method == "CONNECT"
        self.server.tunnels.append(target)
        while self.rfile.readline().strip():
            """a header"""
        host, _, port = target.rpartition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))) as inside:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            relay(self.connection, inside)


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
