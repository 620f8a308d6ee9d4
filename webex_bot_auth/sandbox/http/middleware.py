"""WSGI middleware that records each call and applies the faults that are switched on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Response

from ..model.errors import MESSAGES, as_json, new_tracking_id
from ..services import Services
from .calls import Call, form_fields
from .faults import WRONG_TYPES, Fault
from .server import reset

RECORDED_PATHS = ("/v1/", "/u2c/", "/wdm/", "/conversation/", "/encryption/")
MAX_RECORDED = 1024 * 1024  # bytes of a body: the record is for people and tests, not for large files
CALL = "webex_sandbox.call"  # where the environment of a request has its record
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class CallMiddleware:
    """Records the calls of clients, and answers them with a fault where one is switched on.

    Args:
        app: The WSGI application that answers otherwise.
        services: The parts of the sandbox.
    """

    def __init__(self, app: App, services: Services) -> None:
        self._app = app
        self._services = services

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        if not environ["PATH_INFO"].startswith(RECORDED_PATHS):
            return self._app(environ, start_response)
        if environ["PATH_INFO"].startswith("/v1/"):  # the JavaScript SDK asks for /v1/people/
            environ["PATH_INFO"] = environ["PATH_INFO"].rstrip("/")
        environ.setdefault("HTTP_TRACKINGID", new_tracking_id())
        began, call = time.monotonic(), self._record(environ)
        try:
            answer = Response.from_app(self._disturbed, environ, buffered=True)
            answer.headers["TrackingID"] = environ["HTTP_TRACKINGID"]
            call.status, call.answer_body = answer.status_code, answer.get_data()[:MAX_RECORDED]
            call.answer_headers = dict(answer.headers)
        finally:  # a fault may reset the connection instead
            call.duration = time.monotonic() - began
            self._services.calls.tell(call)
        return answer(environ, start_response)

    def _disturbed(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        fault = self._services.faults.find_for_http(environ[CALL], self._services.cloud.clock.now())
        faulty = self._apply(fault, environ) if fault else None
        return (faulty or self._app)(environ, start_response)

    def _record(self, environ: dict[str, Any]) -> Call:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        _, _, bearer = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        call = environ[CALL] = Call(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            form_fields(body, environ.get("CONTENT_TYPE", "")),
            self._services.tokens.owner(bearer.strip()),
            started=self._services.cloud.clock.now_utc(),
            headers=dict(EnvironHeaders(environ)),
            body=body[:MAX_RECORDED],
        )
        self._services.calls.add(call)
        return call

    def _apply(self, fault: Fault, environ: dict[str, Any]) -> Response | None:
        connection = environ["werkzeug.socket"]
        if fault.kind in {"slow", "hang"}:
            if self._services.faults.hold(fault):
                return None
            raise reset(connection)
        if fault.kind == "reset":
            raise reset(connection)
        return _faulty_response(fault, environ["HTTP_TRACKINGID"])


def _faulty_response(fault: Fault, tracking_id: str) -> Response:
    if fault.kind == "html":
        return Response("<!doctype html><title>Maintenance</title><p>Back soon.</p>", mimetype="text/html")
    if fault.kind == "empty":
        return Response("{}", mimetype="application/json")
    if fault.kind == "wrong_types":
        return Response(json.dumps(WRONG_TYPES), mimetype="application/json")
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    text = MESSAGES[429] if fault.kind == "rate" else "A fault is switched on in the sandbox."
    body = json.dumps(as_json(text, tracking_id))
    return Response(body, fault.status, headers, mimetype="application/json")
