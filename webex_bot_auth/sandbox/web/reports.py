"""What bots in other processes report of their work; those in this process do so without HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ..services import services
from .bodies import body

blueprint = Blueprint("web_reports", __name__, url_prefix="/sandbox/reports")


@blueprint.post("/start")
def start() -> Response:
    """Note the commands of a bot that begins to run."""
    fields = body()
    reported = fields.get("commands")
    reported = reported if isinstance(reported, list) else []
    commands = [
        {"keyword": str(one.get("keyword", "")), "help": str(one.get("help", ""))}
        for one in reported
        if isinstance(one, dict)
    ]
    services().handlings.start(str(fields.get("token")), commands)
    return jsonify({})


@blueprint.post("/begin")
def begin() -> Response:
    """Note that a bot has begun to work on a message, and return a key for the end."""
    fields = body()
    return jsonify(key=services().handlings.begin(str(fields.get("token")), str(fields.get("message"))))


@blueprint.post("/end")
def end() -> Response:
    """Note that a bot has finished with a message."""
    fields = body()
    services().handlings.end(*(str(fields.get(name, "")) for name in ("key", "error", "log")))
    return jsonify({})
