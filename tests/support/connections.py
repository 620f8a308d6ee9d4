"""Counts the connections on which a sandbox is called, and sees what they carry."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from webex_bot_auth.sandbox import Sandbox


class Seen:
    """What the sandbox has seen of the calls to ``/v1`` and to the bot's services.

    Attributes:
        calls: the connection (the caller's port), the token and the cookie of each call
        sockets: the sandbox's end of each connection, by the caller's port
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.sockets: dict[str, socket.socket] = {}

    @property
    def connections(self) -> set[str]:
        """All connections so far."""
        return set(self.sockets)

    @property
    def still_open(self) -> set[str]:
        """Those that the caller has not closed."""
        return {connection for connection, end in self.sockets.items() if end.fileno() >= 0}


@contextmanager
def connections_to(cloud: Sandbox, *, set_cookie: str = "") -> Iterator[Seen]:
    """See all calls for the length of a ``with`` block.

    Args:
        cloud: where they go
        set_cookie: a cookie that each answer brings
    """
    seen = Seen()

    def middleware(app: Any) -> Any:
        def look(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
                cookie = [("Set-Cookie", set_cookie)] if set_cookie else []
                return start_response(status, [*headers, *cookie], error)

            path = environ["PATH_INFO"]
            if path.startswith(("/v1/", "/conversation/")) and path != "/v1/authorize":  # a browser's
                token = environ.get("HTTP_AUTHORIZATION", "")
                cookie = environ.get("HTTP_COOKIE", "")
                seen.sockets[environ["REMOTE_PORT"]] = environ["werkzeug.socket"]
                seen.calls.append((environ["REMOTE_PORT"], token, cookie))
            answer: Iterable[bytes] = app(environ, start)
            return answer

        return look

    with cloud.wrap(middleware):
        yield seen
