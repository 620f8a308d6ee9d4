"""Files that are served as they are."""

from __future__ import annotations

from flask import Blueprint, Response

from ..services import services

blueprint = Blueprint("web_files", __name__, static_folder="static", static_url_path="/static")


@blueprint.get("/sandbox/certificate")
def certificate() -> Response:
    """Return the websocket's certificate as PEM; nothing when it does without TLS."""
    return Response(services().certificate, mimetype="text/plain")
