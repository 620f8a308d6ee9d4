"""Static files, and the certificate of the websocket."""

from __future__ import annotations

from flask import Blueprint, Response

from ..services import services

blueprint = Blueprint("web_files", __name__, static_folder="static", static_url_path="/static")


@blueprint.get("/sandbox/certificate")
def certificate() -> Response:
    """Return the websocket's certificate in PEM format; empty without TLS."""
    return Response(services().certificate, mimetype="text/plain")
