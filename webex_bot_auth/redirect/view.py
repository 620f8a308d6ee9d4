"""The Flask view for ``/redirect``: checks what comes in, asks the token manager, shows a page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Flask, Response
from flask import request as flask_request

from ..user_context.models import Outcome, RedirectText
from .page import STYLE_HASH, render

if TYPE_CHECKING:
    from ..user_context import TokenManager

log = logging.getLogger(__name__)

PATH = "/redirect"
ENDPOINT = "webex_bot_auth_redirect"
LONGEST_PARAMETER = 2048  # characters
LONGEST_QUERY = 8 * LONGEST_PARAMETER
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]

STATUS = {
    Outcome.DONE: 200,
    Outcome.MALFORMED: 400,
    Outcome.REFUSED: 403,
    Outcome.WRONG_PERSON: 403,
    Outcome.WRONG_METHOD: 405,
    Outcome.NO_SUCH_FLOW: 410,
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


def register(manager: TokenManager, flask: Flask) -> None:
    """Register the endpoint, for every method, so that each answer has our headers."""
    flask.after_request(_with_headers)
    flask.add_url_rule(
        PATH,
        endpoint=ENDPOINT,
        view_func=manager.redirect,
        methods=METHODS,
        provide_automatic_options=False,
    )


def _with_headers(response: Response) -> Response:
    """Flask's own answers for our address get the headers, too: 405 for methods nobody has heard of."""
    rule = flask_request.url_rule
    if (rule is None and flask_request.path == PATH) or (rule and rule.endpoint.endswith(ENDPOINT)):
        if response.status_code == 405:
            response.headers["Allow"] = "GET, HEAD"
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def answer(manager: TokenManager) -> Response:
    """The response to the current request. It never redirects, whatever the request says."""
    if flask_request.method == "HEAD" or _is_prefetch():
        # a preview or mail scanner looks: the flow is not for it
        return _response(manager, manager.chat.page(Outcome.MALFORMED), status=200)
    if flask_request.method != "GET":
        return _response(manager, manager.chat.page(Outcome.WRONG_METHOD))
    parameters = _parameters()
    if parameters is None:
        log.info("redirect refused: malformed parameters")
        return _response(manager, manager.chat.page(Outcome.MALFORMED))
    return _response(manager, _process(manager, parameters))


def _process(manager: TokenManager, parameters: dict[str, str]) -> str:
    flow_id, code, error = (parameters.get(name, "") for name in ("state", "code", "error"))
    if bool(code) == bool(error) or (code and not flow_id):
        log.info("redirect refused: it has neither code nor error, or both, or no state")
        return manager.chat.page(Outcome.MALFORMED)
    if error and not flow_id:  # Webex may leave it out; then nobody can say whose login it was
        return manager.chat.page(Outcome.REFUSED)
    try:
        if error:
            return manager.refuse_redirect(flow_id=flow_id, error=error)
        text = manager.process_redirect(flow_id=flow_id, code=code)
        manager.flow_ended(flow_id=flow_id)
    except Exception:  # a subclass may raise anything, and the page shows none of it
        log.exception("redirect not processed")
        return manager.chat.page(Outcome.TRY_AGAIN)
    return text


def _parameters() -> dict[str, str] | None:
    """The query's parameters; None where one is repeated, overlong, or not printable ASCII."""
    query = flask_request.query_string
    if len(query) > LONGEST_QUERY or not query.isascii():
        return None
    try:
        # Flask's own reading lets bytes pass that are no text
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    parameters = dict(pairs)
    if len(parameters) < len(pairs) or not all(_is_plain(text) for pair in pairs for text in pair):
        return None
    return parameters


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_PARAMETER and text.isascii() and (text.isprintable() or not text)


def _is_prefetch() -> bool:
    headers = flask_request.headers
    return any("prefetch" in headers.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Moz"))


def _response(manager: TokenManager, text: str, *, status: int | None = None) -> Response:
    if not isinstance(text, RedirectText):
        # somebody else's process_redirect: its words, on our page
        usual = manager.chat.page(Outcome.DONE)
        text = RedirectText(text, usual.outcome, usual.heading, usual.next_step)
    return Response(render(text), status or STATUS[text.outcome], HEADERS)
