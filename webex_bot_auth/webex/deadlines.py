"""An end to every call: requests limits the wait for each piece of an answer, never the whole.

A call that takes too long loses its socket, whatever it is doing there: opening a tunnel, TLS within TLS,
sending, reading headers or a body. What waits at the socket then ends at once.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ..ground.bounded_close import OWN_THREADS

#: between two looks at the calls that are under way; seconds
PAUSE = 0.5


@dataclass(eq=False)
class Call:
    """A request that is being sent, and its answer.

    Attributes:
        deadline: when the whole answer has to be there, by the monotonic clock
        max_idle: a connection that was idle for longer is not used; seconds; negative: a new one is
        connection: the connection that it uses
        socket: the connection's; the connection itself forgets it where the server is going to close it
        is_on_new: whether the connection was opened for it
        streamed: the answer (urllib3's), where the caller reads it
    """

    deadline: float
    max_idle: float
    connection: Any = None
    socket: Any = None
    is_on_new: bool = False
    streamed: Any = None

    @property
    def is_late(self) -> bool:
        """Tell whether its time is over."""
        return monotonic() >= self.deadline

    def cut_off(self) -> None:
        """Shut its socket down."""
        found = self.socket or getattr(self.connection, "sock", None)
        found = getattr(found, "socket", found)  # TLS within TLS
        if found is not None:
            with suppress(OSError):  # closed already, or in a handshake, which has a limit of its own
                # not SSLSocket's own method, after which another thread would send without encryption
                socket.socket.shutdown(found, socket.SHUT_RDWR)


class Deadlines:
    """Cuts off calls that are late, in a thread that is there while there are calls.

    It has no locks: the handler of a signal may interrupt any line, and make calls. Where two threads race,
    both watch for a while.
    """

    def __init__(self) -> None:
        self._calls: set[Call] = set()
        self._is_watched = False
        self._thread: threading.Thread | None = None
        self._look_now = threading.Event()

    def add(self, call: Call) -> None:
        """Watch a call until it is removed or, where its answer is streamed, has been read."""
        self._calls.add(call)
        if not self._is_watched:
            self._is_watched = True
            try:
                thread = threading.Thread(target=self._watch, name=f"{OWN_THREADS}-deadlines", daemon=True)
                thread.start()
                self._thread = thread
            except RuntimeError:  # no more threads, as while Python ends: each piece still has its limit
                self._is_watched = False

    def remove(self, call: Call) -> None:
        """Leave a call alone from now on."""
        self._calls.discard(call)

    def close(self) -> None:
        """End the thread, unless there are calls, after which it ends by itself."""
        self._look_now.set()
        if self._thread is not None and not self._calls:
            self._thread.join(PAUSE)

    def _watch(self) -> None:
        while True:
            self._look_now.wait(PAUSE)
            self._look_now.clear()
            for call in list(self._calls):
                if is_late := call.is_late:
                    call.cut_off()  # and at the next look again: it may get a socket late
                if call.streamed and (is_late or call.streamed.closed):
                    self.remove(call)
            if not self._calls:
                self._is_watched = False
                if not self._calls:  # nor added between these lines
                    return
                self._is_watched = True
