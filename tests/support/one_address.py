"""One address of Redis that is switched to another server, while the old one lives on as a replica."""

from __future__ import annotations

import contextlib
import socket
import threading

from .redis_server import RedisServer, has_replicated
from .tls import relay
from .waiting import wait_until


class OneAddress:
    """A port of this machine that leads to one server, and from some moment on to another.

    Args:
        old: the server that takes writes
        new: its replica, which takes them after the switch
    """

    def __init__(self, old: RedisServer, new: RedisServer) -> None:
        self.old, self.new = old, new
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._leads_to = self.old.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def switch(self) -> None:
        """Let the new server take over, as managed services do: what is connected stays connected."""
        assert has_replicated(self.old)
        self.new.client.replicaof("NO", "ONE")
        self.old.client.replicaof("127.0.0.1", str(self.new.port))
        self._leads_to = self.new.port

    def fail_over(self) -> None:
        """Let the servers change places while they are in use, without the loss of a write."""
        self.old.client.execute_command("FAILOVER", "TO", "127.0.0.1", self.new.port)
        wait_until(lambda: self.new.client.role()[0] == b"master", "the replica takes over")
        self._leads_to = self.new.port
        self.old, self.new = self.new, self.old
        wait_until(lambda: self.old.client.role()[2], "there is a replica again")

    def start(self) -> None:
        """Accept connections."""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                outside, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(outside, self._leads_to), daemon=True).start()

    def _relay(self, outside: socket.socket, port: int) -> None:
        with (
            outside,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)) as inside,
        ):
            relay(outside, inside)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
