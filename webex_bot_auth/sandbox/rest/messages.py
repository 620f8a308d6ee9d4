"""The REST API for messages and submitted cards."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from ..model.clock import iso
from ..model.cloud import Cloud
from ..model.errors import WebexError
from ..model.ids import bare_uuid
from ..model.messages import Message
from ..model.people import Person
from ..model.rooms import Room
from ..services import services
from .auth import caller
from .request_bodies import NewMessage, content_of, parse_action, parse_message
from .shapes import action_json, message_json

blueprint = Blueprint("rest_messages", __name__, url_prefix="/v1")


@blueprint.post("/messages")
def create_message() -> Response:
    """Post a message."""
    person, cloud = caller("spark:messages_write"), services().cloud
    new = parse_message(_body())
    content = content_of(new)
    return jsonify(message_json(cloud.post(person, _destination(cloud, person, new), content, new.parent_id)))


def _body() -> object:
    if not request.is_json:
        raise WebexError(415, "The sandbox takes application/json only; give files by their URL.")
    return request.get_json(silent=True)


def _destination(cloud: Cloud, person: Person, new: NewMessage) -> Room:
    to = [key for key in (new.room_id, new.to_person_id, new.to_person_email) if key]
    if len(to) != 1:
        raise WebexError(400, "Exactly one of roomId, toPersonId and toPersonEmail is needed.")
    if new.room_id:
        return cloud.room(new.room_id, person)
    return cloud.direct(person, cloud.person(to[0]))


@blueprint.get("/messages/<message_id>")
def get_message(message_id: str) -> Response:
    """Return one message."""
    person = caller("spark:messages_read")
    return jsonify(message_json(services().cloud.message(message_id, person)))


@blueprint.put("/messages/<message_id>")
def edit_message(message_id: str) -> Response:
    """Change what a message of the caller says."""
    message = _own_message(message_id)
    return jsonify(message_json(services().cloud.edit(message, content_of(parse_message(_body())))))


@blueprint.delete("/messages/<message_id>")
def delete_message(message_id: str) -> Response:
    """Delete a message of the caller."""
    services().cloud.delete(_own_message(message_id))
    return Response(status=204)


def _own_message(message_id: str) -> Message:
    person = caller("spark:messages_write")
    message = services().cloud.message(message_id, person)
    if message.person != person:
        raise WebexError(403, "Only its author may change or delete a message.")
    return message


@blueprint.get("/messages")
def list_messages() -> Response:
    """Return the messages of a space, newest first."""
    person, cloud = caller("spark:messages_read"), services().cloud
    room = cloud.room(request.args.get("roomId", ""), person)
    mentioned = request.args.get("mentionedPeople")
    if person.is_bot and not room.is_direct and not mentioned:
        raise WebexError(403, "Bots must give mentionedPeople=me to list the messages of a group.")
    return _page(_filtered(cloud.messages(room), person if mentioned else None))


@blueprint.get("/messages/direct")
def list_direct_messages() -> Response:
    """Return the messages of the 1:1 space with a person, newest first."""
    person, cloud = caller("spark:messages_read"), services().cloud
    other = cloud.person(request.args.get("personId") or request.args.get("personEmail", ""))
    return _page(_filtered(cloud.messages(cloud.direct(person, other)), None))


def _filtered(messages: Sequence[Message], mentioned: Person | None) -> list[Message]:
    parent = bare_uuid("MESSAGE", request.args.get("parentId", ""))
    before, earlier = request.args.get("before", "9999"), list(messages)
    last = bare_uuid("MESSAGE", request.args.get("beforeMessage", ""))
    if last:
        uuids = [message.uuid for message in earlier]
        earlier = earlier[: uuids.index(last)] if last in uuids else []
    return [
        message
        for message in reversed(earlier)
        if (mentioned is None or mentioned in message.mentioned)
        and (not parent or (message.parent is not None and message.parent.uuid == parent))
        and iso(message.created) < before
    ]


def _page(messages: list[Message]) -> Response:
    limit = min(max(request.args.get("max", 50, type=int), 1), 1000)
    answer = jsonify(items=[message_json(message) for message in messages[:limit]])
    if len(messages) > limit:
        query = urlencode(request.args.to_dict() | {"beforeMessage": messages[limit - 1].id})
        answer.headers["Link"] = f'<{request.base_url}?{query}>; rel="next"'
    return answer


@blueprint.post("/attachment/actions")
def create_action() -> Response:
    """Submit a card."""
    person, cloud = caller("spark:messages_write"), services().cloud
    new = parse_action(_body())
    message = cloud.message(new.message_id, person)
    if message.card is None:
        raise WebexError(400, "The message has no card.")
    return jsonify(action_json(cloud.submit(person, message, new.inputs)))


@blueprint.get("/attachment/actions/<action_id>")
def get_action(action_id: str) -> Response:
    """Return one submitted card."""
    person = caller("spark:messages_read")
    return jsonify(action_json(services().cloud.action(action_id, person)))
