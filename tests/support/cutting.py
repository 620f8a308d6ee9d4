"""A connection that breaks after Redis has run a command and before its answer arrives."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cutter:
    """A relay to a port of this machine that can lose an answer.

    Args:
        port: the port to relay to

    Attributes:
        port: the port to connect to
        word: the answer to the next command that contains this word is lost; None loses none
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.word: bytes | None = None

    def accept(self) -> None:
        """Relay connections until the relay is closed."""
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._relay, args=(client,), daemon=True)
                thread.start()

    def _relay(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self._port)
        with client, contextlib.suppress(OSError), socket.create_connection(address) as server:
            cut = threading.Event()
            answers = threading.Thread(target=_answer, args=(server, client, cut), daemon=True)
            answers.start()
            while request := client.recv(65536):
                if self.word and self.word in request:
                    self.word = None
                    cut.set()
                server.sendall(request)
            _shut(server)
            answers.join()

    def close(self) -> None:
        """Accept no further connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _answer(server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while (answer := server.recv(65536)) and not cut.is_set():
            client.sendall(answer)
    _shut(client)
    _shut(server)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cutting(port: int) -> Iterator[Cutter]:
    """Run a relay to a port for the length of a ``with`` block."""
    cutter = Cutter(port)
    thread = threading.Thread(target=cutter.accept)
    thread.start()
    try:
        yield cutter
    finally:
        cutter.close()
        thread.join()
