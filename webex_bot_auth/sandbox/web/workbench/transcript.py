"""A transcript to save, and starting over."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify, request

from ...model.clock import iso
from ...model.messages import Message
from ...services import services
from ..bodies import chosen

blueprint = Blueprint("workbench_transcript", __name__, url_prefix="/workbench")


@blueprint.get("/transcript")
def transcript() -> Response:
    """Return the messages of a space as a Markdown file, without secrets."""
    person, cloud = chosen(request.args.get("person")), services().cloud
    room = cloud.room(request.args.get("room", ""), person)
    parts = [f"# {room.title_for(person)}", *(_entry(one) for one in cloud.messages(room))]
    answer = Response(services().masked("\n\n".join(parts)) + "\n", mimetype="text/markdown")
    answer.headers["Content-Disposition"] = 'attachment; filename="transcript.md"'
    return answer


def _entry(message: Message) -> str:
    reply = ", in a thread" if message.parent else ""
    text = message.markdown or message.text
    card = (
        f"\n\n```json\n{json.dumps(message.card, indent=2, ensure_ascii=False)}\n```" if message.card else ""
    )
    failed = [one for one in services().handlings.of(message.uuid) if one.state == "failed"]
    errors = "".join(f"\n\n{one.bot.display_name} failed:\n\n```\n{one.report}\n```" for one in failed)
    files = "".join(f"\n\n({one.name}, {len(one.data)} bytes)" for one in message.content.files)
    return f"**{message.person.display_name}**, {iso(message.created)}{reply}\n\n{text}{files}{card}{errors}"


@blueprint.post("/clean")
def clean() -> Response:
    """Start over: no messages, calls, events, logins, errors or faults; people, spaces and bots stay."""
    parts = services()
    parts.faults.clear()
    parts.cloud.clear_messages()
    parts.tokens.clear_grants()
    parts.handlings.clear()
    parts.devices.clear_events()
    parts.event_log.events.clear()
    parts.calls.clear()
    parts.cloud.clock.reset()
    for kind in ("calls", "events", "logins", "clock"):
        parts.cloud.feed.touch(kind)
    return jsonify({})
