"""The chat page and its endpoints; they act for the person who is chosen in the browser."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response as BaseResponse

from ..content.mentions import named
from ..model.errors import WebexError
from ..model.messages import File
from ..rest.files import content_type
from ..rest.request_bodies import content_of, parse_message
from ..services import services
from .bodies import body, chosen, texts
from .page_json import message_fields, person_fields, space_fields

blueprint = Blueprint("web_chat", __name__)


@blueprint.get("/")
def page() -> str:
    """Return the chat page."""
    return render_template("chat.html")


@blueprint.get("/open")
def open_conversation() -> BaseResponse:
    """Show the latest 1:1 space with an address (``?email=``), as Webex's ``webexteams://im`` does."""
    cloud = services().cloud
    other = cloud.person(request.args.get("email", ""))
    rooms = [room for room in cloud.rooms_of(other) if room.is_direct]
    used = [message.room for message in cloud.messages() if message.room in rooms]
    for room in [*rooms, *used][-1:]:
        person = next((one for one in room.people if one != other and not one.is_bot), None)
        if person:
            return redirect(f"/#{urlencode({'person': person.id, 'space': room.id})}")
    return redirect("/")


@blueprint.post("/chat/people")
def add_person() -> Response:
    """Add a person."""
    name = str(body().get("name", "")).strip()[:100]
    if not name:
        raise WebexError(400, "A name is needed.")
    person = services().cloud.add_person(name)
    services().tokens.add_own_token(person)
    return jsonify(person_fields(person))


@blueprint.post("/chat/spaces")
def add_space() -> Response:
    """Make a 1:1 space with another person, or a group."""
    fields, cloud = body(), services().cloud
    person = chosen(fields.get("person"))
    others = [cloud.person(key) for key in texts(fields, "others")]
    title = str(fields.get("title", "")).strip()[:200]
    if not others or person in others:
        raise WebexError(400, "Choose who else is in the space.")
    if len(others) == 1 and not title:
        return jsonify(space_fields(cloud.direct(person, others[0]), person))
    names = ", ".join(one.display_name for one in [person, *others])
    return jsonify(space_fields(cloud.group(title or names, [person, *others]), person))


@blueprint.post("/chat/messages")
def post_message() -> Response:
    """Post a message as the chosen person."""
    fields, cloud = body(), services().cloud
    person = chosen(fields.get("person"))
    room = cloud.room(str(fields.get("room", "")), person)
    text = str(fields.get("text", ""))
    picked = [cloud.person(key) for key in texts(fields, "mentions")]
    if not room.is_direct:  # a bot that is typed or pasted is meant, as if it had been picked from the list
        picked += named(text, [one for one in room.people if one.is_bot])
    content = content_of(parse_message({"text": text}), _file(fields.get("file")))
    return jsonify(message_fields(cloud.post(person, room, content, str(fields.get("parent") or ""), picked)))


def _file(sent: object) -> tuple[File, ...]:
    """Return the file that goes with a message; its data is in base64, as the page sends JSON alone."""
    if not isinstance(sent, dict):
        return ()
    try:
        data = base64.b64decode(str(sent.get("data", "")), validate=True)
    except ValueError as error:
        raise WebexError(400, "The file did not arrive in full.") from error
    return (File(str(sent.get("name") or "file"), content_type(sent.get("type")), data),)


@blueprint.get("/chat/files/<key>")
def file(key: str) -> Response:
    """Return a file, to save it or to show it as an image."""
    found = services().cloud.file(key, chosen(request.args.get("person")))
    disposition = dump_options_header("attachment", {"filename": found.name})
    return Response(found.data, mimetype=found.content_type, headers={"Content-Disposition": disposition})


@blueprint.post("/chat/actions")
def submit() -> Response:
    """Submit a card as the chosen person."""
    fields, cloud = body(), services().cloud
    person, inputs = chosen(fields.get("person")), fields.get("inputs")
    message = cloud.message(str(fields.get("message", "")), person)
    action = cloud.submit(person, message, inputs if isinstance(inputs, dict) else {})
    return jsonify(id=action.id)
