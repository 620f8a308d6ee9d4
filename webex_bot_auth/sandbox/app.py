"""The Flask app with everything that the sandbox serves over HTTP."""

from __future__ import annotations

from functools import cache

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import web
from .encryption import endpoints
from .http.strict_json import StrictJSON
from .model.errors import WebexError, as_json
from .oauth import authorize, token
from .oauth.errors import OAuthError
from .rest import authorizations, files, resources
from .rest.auth import caller
from .rest.custom_answers import missing
from .services import services, tracking_id
from .websocket import registration

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' https: http: data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
BLUEPRINTS = (
    authorize.blueprint,
    token.blueprint,
    authorizations.blueprint,
    registration.blueprint,
    endpoints.blueprint,
    files.blueprint,
    resources.blueprint,
    *web.BLUEPRINTS,
)


@cache  # to compile its rules takes longer than the rest of a sandbox's start
def shared_app() -> Flask:
    """Return the app of all sandboxes in this process; each request brings the parts of its sandbox."""
    app = Flask(__name__, static_folder=None, template_folder="web/templates")
    app.json = StrictJSON(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(_refuse_foreign_requests)
    app.after_request(_add_headers)
    app.register_error_handler(WebexError, _webex_error)
    app.register_error_handler(OAuthError, OAuthError.response)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _refuse_foreign_requests() -> None:
    if not services().origins.accept(
        request.headers.get("Host", ""), request.headers.get("Origin"), request.path
    ):
        abort(403)


def _add_headers(response: Response) -> Response:
    for key, value in HEADERS.items():
        response.headers.setdefault(key, value)
    return response


def _webex_error(error: WebexError) -> Response:
    answer = jsonify(as_json(error.message, tracking_id()))
    answer.status_code = error.status
    return answer


def _http_error(error: HTTPException) -> Response:
    if error.code in (404, 405) and request.path.startswith("/v1/"):
        return _given_answer(error.code)
    return _webex_error(WebexError(error.code or 500, error.description or error.name))


def _given_answer(status: int) -> Response:
    try:
        caller()
    except WebexError as error:
        return _webex_error(error)
    given = services().answers.response(request.method, request.path)
    return given or _webex_error(missing(request.method, request.path) if status == 404 else WebexError(405))
