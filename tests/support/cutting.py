"""A connection that breaks at the worst moment: Redis has done the command, and its answer gets lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cutter:
    """Relays to a loopback port; drops the answer to the next command that holds ``word``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.word: bytes | None = None

    def accept(self) -> None:
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
    cutter = Cutter(port)
    thread = threading.Thread(target=cutter.accept)
    thread.start()
    try:
        yield cutter
    finally:
        cutter.close()
        thread.join()
