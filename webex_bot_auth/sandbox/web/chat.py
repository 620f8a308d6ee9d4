"""The chat page and its endpoints; they act for the person who is chosen in the browser."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from ..model.clock import iso
from ..model.errors import WebexError
from ..model.messages import Message
from ..model.people import Person
from ..model.rooms import Room
from ..rest.request_bodies import content_of, parse_message
from ..services import services

blueprint = Blueprint("web_chat", __name__)


@blueprint.get("/")
def page() -> str:
    """Return the chat page."""
    return render_template("chat.html")


@blueprint.get("/chat/people")
def people() -> Response:
    """Return all people and bots."""
    return jsonify([_person(one) for one in services().cloud.people])


@blueprint.post("/chat/people")
def add_person() -> Response:
    """Add a person."""
    name = str(_body().get("name", "")).strip()[:100]
    if not name:
        raise WebexError(400, "A name is needed.")
    person = services().cloud.add_person(name)
    services().tokens.add_own_token(person)
    return jsonify(_person(person))


@blueprint.get("/chat/spaces")
def spaces() -> Response:
    """Return the spaces of the chosen person, that with the latest message first."""
    person = _chosen(request.args.get("person"))
    found = [_space(room, person) for room in services().cloud.rooms_of(person)]
    return jsonify(sorted(found, key=lambda space: str(space["active"]), reverse=True))


@blueprint.post("/chat/spaces")
def add_space() -> Response:
    """Make a 1:1 space with another person, or a group."""
    body, cloud = _body(), services().cloud
    person = _chosen(body.get("person"))
    others = [cloud.person(str(key)) for key in body.get("others", [])]
    title = str(body.get("title", "")).strip()[:200]
    if not others or person in others:
        raise WebexError(400, "Choose who else is in the space.")
    if len(others) == 1 and not title:
        return jsonify(_space(cloud.direct(person, others[0]), person))
    names = ", ".join(one.display_name for one in [person, *others])
    return jsonify(_space(cloud.group(title or names, [person, *others]), person))


@blueprint.get("/chat/messages")
def messages() -> Response:
    """Return what the chosen person sees in a space, oldest first."""
    person, cloud = _chosen(request.args.get("person")), services().cloud
    room = cloud.room(request.args.get("room", ""), person)
    return jsonify([_message(one) for one in cloud.messages(room)])


@blueprint.post("/chat/messages")
def post_message() -> Response:
    """Post a message as the chosen person."""
    body, cloud = _body(), services().cloud
    person = _chosen(body.get("person"))
    content = content_of(parse_message({"text": body.get("text")}))
    room = cloud.room(str(body.get("room", "")), person)
    return jsonify(_message(cloud.post(person, room, content, body.get("parent"))))


@blueprint.post("/chat/actions")
def submit() -> Response:
    """Submit a card as the chosen person."""
    body, cloud = _body(), services().cloud
    person, inputs = _chosen(body.get("person")), body.get("inputs")
    message = cloud.message(str(body.get("message", "")), person)
    action = cloud.submit(person, message, inputs if isinstance(inputs, dict) else {})
    return jsonify(id=action.id)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)  # only JSON, which forms of other sites cannot send
    if not isinstance(body, dict):
        raise WebexError(415)
    return body


def _chosen(key: object) -> Person:
    person = services().cloud.person(str(key))
    if person.is_bot:
        raise WebexError(403, "A bot speaks for itself.")
    return person


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.display_name,
        "email": person.email,
        "isBot": person.is_bot,
        "online": not person.is_bot or services().mercury.is_online(person),
    }


def _space(room: Room, viewer: Person) -> dict[str, Any]:
    messages = services().cloud.messages(room)
    last = messages[-1] if messages else None
    return {
        "id": room.id,
        "title": room.title_for(viewer),
        "isDirect": room.is_direct,
        "people": [_person(one) for one in room.people],
        "preview": f"{last.person.display_name}: {last.text or 'a card'}" if last else "",
        "active": iso(last.created if last else room.created),
    }


def _message(message: Message) -> dict[str, Any]:
    content = message.content
    return {
        "id": message.id,
        "parent": message.parent.id if message.parent else None,
        "person": _person(message.person),
        "text": content.text,
        "markdown": content.markdown or content.html,
        "card": content.card,
        "files": list(content.files),
        "mentioned": [one.display_name for one in message.mentioned],
        "created": iso(message.created),
        "edited": message.updated is not None,
    }
