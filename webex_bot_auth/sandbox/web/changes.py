"""Server-sent events that tell the chat page to load the state again."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response

from ..services import Services, services

blueprint = Blueprint("web_changes", __name__)
HEARTBEAT = 15  # seconds between two writes, so that a closed browser is noticed


@blueprint.get("/chat/changes")
def changes() -> Response:
    """Return the stream of events; the data of each is the number of changes so far."""
    return Response(_stream(services()), mimetype="text/event-stream")


def _stream(parts: Services) -> Iterator[str]:
    cloud, sent = parts.cloud, -1
    while not parts.closing.is_set():
        with cloud.changed:
            cloud.changed.wait_for(lambda: cloud.version != sent or parts.closing.is_set(), HEARTBEAT)  # noqa: B023 - called before sent changes
            has_changed, sent = cloud.version != sent, cloud.version
        yield f"data: {sent}\n\n" if has_changed else ": still here\n\n"
