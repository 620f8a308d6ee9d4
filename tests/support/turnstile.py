"""Holds chosen requests to a sandbox back, and says which process they come from."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .production import WAIT


@dataclass(frozen=True)
class Request:
    """A request to the sandbox.

    Attributes:
        pid: id of the process that has sent it, if in_sandbox/sitecustomize.py made it say so
    """

    method: str
    path: str
    form: dict[str, str]
    pid: int | None


class Turnstile:
    """WSGI middleware for :meth:`Sandbox.wrap`, which is called with the sandbox's own application.

    Attributes:
        held: the requests that are held back
        exchanges: the process that has sent each authorization code, by the code
    """

    def __init__(self) -> None:
        self._app: Any = None
        self._changed = threading.Condition()
        self._holds: Callable[[Request], bool] | None = None
        self.held: list[Request] = []
        self.exchanges: dict[str, int | None] = {}

    def __call__(self, app: Any) -> Callable[..., Iterable[bytes]]:
        self._app = app
        return self._answer

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = _request(environ)
        with self._changed:
            if "code" in request.form:
                self.exchanges[request.form["code"]] = request.pid
            if self._holds and self._holds(request):
                self.held.append(request)
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._holds is None)
        return self._app(environ, start_response)  # type: ignore[no-any-return]

    @contextmanager
    def holding(self, which: Callable[[Request], bool]) -> Iterator[None]:
        """Hold the requests back for which ``which`` is true, for the length of a ``with`` block."""
        with self._changed:
            self._holds, self.held = which, []
        try:
            yield
        finally:
            with self._changed:
                self._holds = None
                self._changed.notify_all()

    def wait_for(self, count: int = 1, *, path: str = "") -> list[Request]:
        """Wait until so many requests are held back, and return them.

        Args:
            count: how many
            path: only requests of this path; empty for all
        """

        def there() -> list[Request]:
            return [request for request in self.held if path in ("", request.path)]

        with self._changed:
            self._changed.wait_for(lambda: len(there()) >= count, WAIT)
            assert len(there()) >= count, f"not {count}, but {self.held}"
            return there()


def _request(environ: dict[str, Any]) -> Request:
    form = {}
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(environ["wsgi.input"].read().decode()))
        environ["wsgi.input"].seek(0)
    pid = re.search(r"pid/(\d+)", environ.get("HTTP_USER_AGENT", ""))
    return Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], form, int(pid[1]) if pid else None)
