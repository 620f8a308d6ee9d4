"""What the chat page shows; what it knows already is left out."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from ..model import ids
from ..model.cloud import Cloud
from ..model.messages import Message
from ..model.people import Person
from ..model.rooms import Room
from ..services import services
from .page_json import message_fields, person_fields, space_fields

blueprint = Blueprint("web_state", __name__)


@blueprint.get("/chat/state")
def state() -> Response:
    """Return people, spaces and the messages of one space, as the chosen person sees them.

    The query has what the page knows: ``run``, ``since`` (the number of the latest change), ``people`` and
    ``spaces`` (their ``tags``). Where ``person`` or ``room`` is unknown, the first is taken.
    """
    cloud = services().cloud
    number = cloud.feed.number  # first, so that what changes meanwhile comes again
    person = _person(cloud)
    by_room: defaultdict[str, list[Message]] = defaultdict(list)
    for message in cloud.messages():
        by_room[message.room.uuid].append(message)
    rooms = _rooms(cloud, person, by_room) if person else []
    room = next((one for one in rooms if one.id == request.args.get("room")), rooms[0] if rooms else None)
    lists = {
        "people": [person_fields(one) for one in cloud.people],
        "spaces": [space_fields(one, person, by_room[one.uuid]) for one in rooms if person],
    }
    tags = {name: _tag(parts) for name, parts in lists.items()}
    return jsonify(
        run=cloud.feed.run,
        version=number,
        person=person.id if person else "",
        room=room.id if room else "",
        tags=tags,
        faults=len(services().faults.active()),
        errors=sum(one.state == "failed" for one in services().handlings.all()),
        **{name: parts for name, parts in lists.items() if tags[name] != request.args.get(name)},
        **_messages(cloud, room),
    )


def _person(cloud: Cloud) -> Person | None:
    people = [one for one in cloud.people if not one.is_bot]
    return next(
        (one for one in people if one.id == request.args.get("person")), people[0] if people else None
    )


def _rooms(cloud: Cloud, person: Person, by_room: Mapping[str, list[Message]]) -> list[Room]:
    """Return the person's spaces, that with the latest message first."""

    def latest(room: Room) -> datetime:
        return by_room[room.uuid][-1].created if by_room[room.uuid] else room.created

    return sorted(cloud.rooms_of(person), key=latest, reverse=True)


def _tag(parts: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _messages(cloud: Cloud, room: Room | None) -> dict[str, Any]:
    knows = request.args.get("run") == cloud.feed.run and room and room.id == request.args.get("room")
    since = request.args.get("since", 0, type=int) if knows else 0
    if room is None or not since:
        return {"messages": [message_fields(one) for one in cloud.messages(room)] if room else [], "gone": []}
    changed = set(cloud.feed.since("message", since))
    return {
        # in the order in which they were posted: a message comes before the replies to it
        "messages": [message_fields(one) for one in cloud.messages(room) if one.uuid in changed],
        "gone": [ids.encode("MESSAGE", uuid) for uuid in changed if cloud.find_message(uuid) is None],
    }
