"""The sandbox's clock, which can be moved forward."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ...model.clock import iso
from ...model.errors import WebexError
from ...services import services
from ..bodies import body

blueprint = Blueprint("workbench_clock", __name__, url_prefix="/workbench/clock")
MOST = 400 * 24 * 60 * 60  # seconds at a time
BEFORE = 30  # seconds before a token expires


@blueprint.get("")
def clock() -> Response:
    """Return the time, and how far it is ahead of this machine's, in seconds."""
    now = services().cloud.clock
    return jsonify(now=iso(now.now_utc()), ahead=round(now.offset))


@blueprint.post("")
def advance() -> Response:
    """Move it forward, by ``seconds`` or to just before the token of ``login`` expires."""
    fields = body()
    seconds = _until(str(fields["login"])) if "login" in fields else fields.get("seconds")
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= MOST:
        raise WebexError(400, "The clock goes forward, by up to 400 days at a time.")
    services().cloud.clock.advance(seconds)
    services().cloud.feed.touch("clock")
    return clock()


def _until(key: str) -> float:
    held = services().tokens.authorization(key)
    expires_at = held.expires_at if held else None
    if expires_at is None:
        raise WebexError(404, "This token does not expire.")
    return expires_at - services().cloud.clock.now() - BEFORE
