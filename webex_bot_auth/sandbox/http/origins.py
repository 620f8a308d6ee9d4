"""Who may call: programs and pages of this machine, and web apps whose origins were allowed (CORS)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost"}
#: what web apps of an allowed origin may use; the sandbox's own pages are not for them
SHARED = ("/v1/", "/u2c/", "/wdm/", "/conversation/", "/encryption/", "/metrics/")
EXPOSED = "Link, Retry-After, TrackingID"
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Origins:
    """The origins of web apps that may use the sandbox.

    Args:
        allowed: The origins, for example ``http://localhost:3000``.

    Raises:
        ValueError: One is not an origin.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {origin.rstrip("/") for origin in allowed}
        for origin in self._allowed:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or origin.count("/") != 2:
                raise ValueError(f"{origin} is not an origin such as http://localhost:3000")

    def accept(self, host: str, origin: str | None, path: str = SHARED[0]) -> bool:
        """Return True if a request may be answered.

        This refuses host names that resolve to this machine (DNS rebinding), and other sites' pages (CSRF).

        Args:
            host: The header ``Host``.
            origin: The header ``Origin``; None if there is none.
            path: The path of the request.
        """
        try:
            if urlsplit(f"//{host}").hostname not in LOOPBACK:
                return False
        except ValueError:
            return False
        return not origin or origin == f"http://{host}" or self.shares(origin, path)

    def shares(self, origin: str | None, path: str) -> bool:
        """Return True if a web app of an allowed origin asks for what it may use."""
        return origin in self._allowed and path.startswith(SHARED)


class CorsMiddleware:
    """Tells browsers that web apps of allowed origins may read the answers.

    Args:
        app: The WSGI application that answers.
        origins: The origins that are allowed.
    """

    def __init__(self, app: App, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        origin = environ.get("HTTP_ORIGIN")
        if not self._origins.shares(origin, environ["PATH_INFO"]):
            return self._app(environ, start_response)
        headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            headers += [
                ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
                ("Access-Control-Allow-Headers", environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")),
                ("Access-Control-Max-Age", "600"),
            ]
            start_response("204 No Content", headers)
            return []
        headers.append(("Access-Control-Expose-Headers", EXPOSED))
        return self._app(
            environ, lambda status, given, *error: start_response(status, [*given, *headers], *error)
        )
