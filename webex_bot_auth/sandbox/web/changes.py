"""Server-sent events: the chat page is told that something changed, and asks what."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response

from ..services import Services, services

blueprint = Blueprint("web_changes", __name__)
HEARTBEAT = 15  # seconds, after which a browser that is gone is noticed


@blueprint.get("/chat/changes")
def changes() -> Response:
    """Return the stream; each event's data is the number of changes so far."""
    return Response(_stream(services()), mimetype="text/event-stream")


def _stream(parts: Services) -> Iterator[str]:
    cloud, told = parts.cloud, -1
    while not parts.closing.is_set():
        with cloud.changed:
            cloud.changed.wait_for(lambda: cloud.version != told or parts.closing.is_set(), HEARTBEAT)  # noqa: B023 - called before told changes
            news, told = cloud.version != told, cloud.version
        yield f"data: {told}\n\n" if news else ": still here\n\n"
