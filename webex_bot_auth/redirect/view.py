"""The Flask view for ``/redirect``: checks the parameters, ends the login, shows a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Flask, Response
from flask import request as flask_request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers

from ..errors import SettingError
from ..models import Outcome, RedirectText
from ..service import LoginService
from .page import STYLE_HASH, render

log = logging.getLogger(__name__)

ENDPOINT = "webex_bot_auth_redirect"
MAX_PARAMETER = 2048  # characters
#: what Webex adds to the address; everything else is ignored, whatever is in it (RFC 6749 section 4.1.2)
PARAMETERS = ("state", "code", "error")
#: headers in which a browser says that nobody has asked for the page yet
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")

STATUS = {
    Outcome.DONE: 200,
    Outcome.DONE_BEFORE: 200,
    Outcome.MALFORMED: 400,
    Outcome.REFUSED: 403,
    Outcome.WRONG_PERSON: 403,
    Outcome.WRONG_METHOD: 405,
    Outcome.NO_SUCH_FLOW: 410,
    Outcome.OTHER_PROCESS: 410,
    Outcome.UNDER_WAY: 202,
    Outcome.USED: 410,
    Outcome.NOT_SET_UP: 502,
    Outcome.TRY_AGAIN: 503,
    Outcome.STORE_DOWN: 503,
}

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class PageResponse(Response):
    """Has our headers in the end, whatever an application's own ``after_request`` does to them.

    Attributes:
        has_logo: whether the page has an image, which is in the page itself
    """

    has_logo = False

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers.update(HEADERS)
        if self.has_logo:
            headers["Content-Security-Policy"] += "; img-src data:"
        return headers


def register(flask: Flask, url: str, view: Callable[[], ResponseReturnValue], own: str | None = None) -> None:
    """Register the endpoint.

    Args:
        flask: the app
        url: where browsers reach the endpoint; its path is what the app serves
        view: answers
        own: the path that the app is asked for; None: that of the address, also behind a prefix that the
            server names as ``SCRIPT_NAME``

    Raises:
        SettingError: there is no path, or the app serves it already
    """
    setting, path = (
        ("integration.redirect_url", unquote(urlsplit(url or "").path)) if own is None else ("path", own)
    )
    if own is not None:
        _check_path(own)
    if not path:
        raise SettingError(setting, "has no path; e.g. https://bot.example.com/redirect")
    if any(rule.rule == path and "GET" in (rule.methods or ("GET",)) for rule in flask.url_map.iter_rules()):
        raise SettingError(setting, f"this app serves {path} already: use another path")
    endpoint = f"{ENDPOINT}{path.replace('.', '_')}"
    flask.view_functions[endpoint] = view
    flask.url_map.add(flask.url_rule_class(path, endpoint=endpoint))  # every method, known to Flask or not

    def with_headers(response: Any) -> Any:
        return PageResponse.force_type(response) if flask_request.endpoint == endpoint else response

    flask.after_request(with_headers)
    if own is None:
        flask.wsgi_app = _Unmounted(flask.wsgi_app, path)  # type: ignore[method-assign]


def _check_path(path: Any) -> None:
    if not isinstance(path, str) or not path.startswith("/") or "//" in path:
        raise SettingError(
            "path", 'has to begin with one slash: it is what the app is asked for, "/redirect"'
        )
    if not path.isprintable() or path != path.strip() or set(path) & set("?#<>\\\"'") or "%" in path:
        raise SettingError("path", "has to be a path alone, not encoded: without ?, #, %, < and quotes")


class _Unmounted:
    """Lets an app serve a path that the server has cut in two: a prefix, ``SCRIPT_NAME``, and the rest."""

    def __init__(self, app: Any, path: str) -> None:
        self._app, self._path = app, path.encode().decode("latin-1")  # as PEP 3333 has it

    def __call__(self, environ: Any, start_response: Any) -> Any:
        prefix = environ.get("SCRIPT_NAME", "")
        if prefix and prefix + environ.get("PATH_INFO", "") == self._path:
            environ = {**environ, "SCRIPT_NAME": "", "PATH_INFO": self._path}
        return self._app(environ, start_response)


def answer(service: LoginService) -> Response:
    """The response to the current request. It never redirects, whatever the request says."""
    if flask_request.method == "HEAD":
        # a preview or mail scanner: it must not use the flow up
        return _response(service, service.chat.page(Outcome.MALFORMED), status=200)
    if flask_request.method != "GET":
        response = _response(service, service.chat.page(Outcome.WRONG_METHOD))
        response.headers["Allow"] = "GET, HEAD"
        return response
    if _is_prefetch():
        # nor must this; a browser would show an answer that is no error without asking again
        return _response(service, service.chat.page(Outcome.TRY_AGAIN), status=503)
    parameters = _parameters()
    if parameters is None:
        log.info("redirect refused: malformed parameters")
        return _response(service, service.chat.page(Outcome.MALFORMED))
    return _response(service, _process(service, parameters))


def _process(service: LoginService, parameters: dict[str, str]) -> str:
    flow_id, code, error = (parameters.get(name, "") for name in PARAMETERS)
    if bool(code) == bool(error) or (code and not flow_id):
        log.info("redirect refused: it has neither code nor error, or both, or no state")
        return service.chat.page(Outcome.MALFORMED)
    if error and not flow_id:  # Webex may leave it out; then nobody can say whose login it was
        return service.chat.page(Outcome.REFUSED)
    try:
        return service.finish_login(flow_id=flow_id, code=code, error=error)
    except Exception:  # a subclass may raise anything, and the page shows none of it
        log.exception("redirect not processed")
        return service.chat.page(Outcome.TRY_AGAIN)


def _parameters() -> dict[str, str] | None:
    """Return what Webex says; None where something of it is repeated, overlong, or not printable ASCII."""
    # what is no text becomes text that is not ASCII
    query = parse_qsl(flask_request.query_string.decode("latin-1"), keep_blank_values=True)
    pairs = [(name, value) for name, value in query if name in PARAMETERS]
    if len(dict(pairs)) < len(pairs):
        return None
    if not all(len(value) <= MAX_PARAMETER and value.isascii() and value.isprintable() for _, value in pairs):
        return None
    return dict(pairs)


def _is_prefetch() -> bool:
    purposes = " ".join(flask_request.headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    return any(word in purposes for word in ("prefetch", "prerender", "preview"))


def _response(service: LoginService, text: str, *, status: int | None = None) -> Response:
    if not isinstance(text, RedirectText):
        # a subclass's own process_redirect: its text, on our page
        usual = service.chat.page(Outcome.DONE)
        text = RedirectText(text, usual.outcome, usual.heading, usual.next_step)
    frame = service.chat.page_frame(text.user_id)
    response = PageResponse(render(text, frame), status or STATUS[text.outcome])
    response.has_logo = bool(frame.logo)
    return response
