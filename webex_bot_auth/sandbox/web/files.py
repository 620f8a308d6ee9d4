"""Static files, the certificate of the websocket, and what ``--env`` asks for."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ..model.errors import WebexError
from ..services import services

blueprint = Blueprint("web_files", __name__, static_folder="static", static_url_path="/static")


@blueprint.get("/sandbox/certificate")
def certificate() -> Response:
    """Return the websocket's certificate in PEM format; empty without TLS."""
    return Response(services().certificate, mimetype="text/plain")


@blueprint.get("/sandbox/env")
def environment() -> Response:
    """Return the settings of the sandbox's bot and integration; 404 if it is part of another program."""
    if not services().environment:
        raise WebexError(404)
    return jsonify(services().environment)
