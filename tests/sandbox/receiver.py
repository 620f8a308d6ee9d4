"""A web server that receives webhooks, and can be told how to answer."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from webex_bot_auth.sandbox.http.server import HttpServer


@dataclass
class Receiver:
    """What has been received, and how to answer.

    Attributes:
        url: The address of the server.
        statuses: The HTTP statuses of the next answers; 200 when there are none left.
        received: The headers and bodies of requests.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)

    def answer(self) -> Response:
        """Answer a request."""
        self.received.put((dict(request.headers), request.get_data()))
        return Response(status=self.statuses.pop(0) if self.statuses else 200, headers={"Location": self.url})

    def next(self) -> dict[str, Any]:
        """Wait for the next request and return its JSON."""
        return json.loads(self.next_raw()[1])

    def next_raw(self) -> tuple[dict[str, str], bytes]:
        """Wait for the next request and return its headers and body."""
        return self.received.get(timeout=30)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the length of a ``with`` block."""
    app, receiver = Flask("receiver"), Receiver()
    app.add_url_rule("/", view_func=receiver.answer, methods=["POST"])
    server = HttpServer(app, 0)
    receiver.url = f"http://127.0.0.1:{server.port}/"
    server.start()
    try:
        yield receiver
    finally:
        server.close()
