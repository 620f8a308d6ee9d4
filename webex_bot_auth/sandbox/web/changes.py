"""Server-sent events that tell the page what has changed, so that it fetches that."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import Blueprint, Response, request

from ..services import Services, services

blueprint = Blueprint("web_changes", __name__)
HEARTBEAT = 15  # seconds between two writes, so that a closed browser is noticed
#: what the page asks for, and the kinds of changes in the feed that it stands for
KINDS = {
    "chat": ("cloud", "message", "faults"),
    "calls": ("calls",),
    "events": ("events", "cloud"),
    "errors": ("handling",),
    "logins": ("calls", "logins", "clock"),
    "clock": ("clock", "calls", "logins"),
    "faults": ("faults",),
}


@blueprint.get("/chat/changes")
def changes() -> Response:
    """Return the stream of events: the sandbox's run, and the number of the latest change of each kind."""
    kinds = [kind for kind in request.args.get("kinds", "").split(",") if kind in KINDS]
    return Response(_stream(services(), kinds), mimetype="text/event-stream")


def _stream(parts: Services, kinds: list[str]) -> Iterator[str]:
    feed = parts.cloud.feed
    known: dict[str, int] = {}
    watched = [part for kind in kinds for part in KINDS[kind]]
    news = feed.latest(watched)
    while not parts.closing.is_set():
        if news == known:
            yield ": still here\n\n"
        else:
            latest = {kind: max(news[part] for part in KINDS[kind]) for kind in kinds}
            yield f"data: {json.dumps({'run': feed.run, 'latest': latest})}\n\n"
        known = news
        news = feed.wait(watched, known, HEARTBEAT)
