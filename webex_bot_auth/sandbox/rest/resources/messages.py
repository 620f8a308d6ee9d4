"""Messages, and submitted cards, which the API calls attachment actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from pydantic import Field

from ...model.clock import shown
from ...model.errors import WebexError
from ...model.ids import same
from ...model.messages import AttachmentAction, Message
from ...model.people import Person
from ...model.rooms import Room
from ...services import services
from ..files import requested_files
from ..request_bodies import Body, NewMessage, content_of, requested
from ..resource import Query, Resource, is_id, moment, usual_scopes
from ..response_json import Json, action_json, message_json, without_none

MAX_EDITS = 10


class EditedMessage(Body):
    """The body of PUT."""

    room_id: str
    text: str | None = None
    markdown: str | None = None
    html: str | None = None
    files: list[Any] = Field(default_factory=list)
    attachments: list[Any] = Field(default_factory=list)


class NewAction(Body):
    """The body of ``POST /v1/attachment/actions``."""

    type: str
    message_id: str
    inputs: dict[str, Any] = Field(default_factory=dict)


def _shape(message: Message, viewer: Person) -> Json:
    return message_json(message, request.host_url.rstrip("/"))


def _created_shape(message: Message, viewer: Person) -> Json:
    """The answer to POST repeats whom it was sent to.

    Webex's OpenAPI file has ``html`` in its example and not in its schema; the schema wins.
    """
    body = requested(NewMessage)
    to = {"toPersonId": body.to_person_id, "toPersonEmail": body.to_person_email}
    return without_none({**_shape(message, viewer), "html": None, **to})


def _find(key: str, person: Person) -> Message:
    return services().cloud.message(key, person)


def _create(person: Person, new: NewMessage) -> Message:
    cloud = services().cloud
    content = content_of(new, requested_files(new))
    return cloud.post(person, _destination(person, new), content, new.parent_id, picked=())


def _destination(person: Person, new: NewMessage) -> Room:
    to = [key for key in (new.room_id, new.to_person_id, new.to_person_email) if key]
    if len(to) != 1:
        raise WebexError(400, "Exactly one of roomId, toPersonId and toPersonEmail is needed.")
    cloud = services().cloud
    return cloud.room(to[0], person) if new.room_id else cloud.direct(person, cloud.person(to[0]))


def _seen(person: Person, query: Query) -> Iterable[Message]:
    if not query.get("roomId"):
        raise WebexError(400, "roomId is needed.")
    cloud, mentioned = services().cloud, query.get("mentionedPeople")
    room = cloud.room(query["roomId"], person)
    if mentioned and mentioned != "me" and not same(mentioned, person.id):
        raise WebexError(400, "mentionedPeople must be me or the id of the caller.")
    if person.is_bot and not room.is_direct and not mentioned:
        raise WebexError(403, "Bots must give mentionedPeople=me to list the messages of a group.")
    found = cloud.messages(room)
    return [one for one in found if person in one.mentioned] if mentioned else found


def _seen_direct(person: Person, query: Query) -> Iterable[Message]:
    cloud = services().cloud
    other = cloud.person(query.get("personId") or query.get("personEmail") or "")
    room = cloud.spaces.find_direct(person, other)
    if room is None:
        raise WebexError(404, "Could not find a 1:1 room with that person.")
    return cloud.messages(room)


def _is_before(message: Message, key: str) -> bool:
    last = services().cloud.find_message(key)
    return last is not None and message.number < last.number


def _update(person: Person, message: Message, body: EditedMessage) -> Message:
    if message.person is not person:
        raise WebexError(403, "Only its author may edit a message.")
    if not same(body.room_id, message.room.id):
        raise WebexError(400, "The message is not in the room with this roomId.")
    if body.files or body.attachments or message.content.files or message.card:
        raise WebexError(400, "Editing messages with files or attachments is currently unsupported.")
    if body.html is not None:
        raise WebexError(400, "html cannot be edited: leave it out, and give text or markdown.")
    if message.edits >= MAX_EDITS:
        raise WebexError(400, f"The edit limit of {MAX_EDITS} edits has been reached.")
    new = NewMessage(text=body.text, markdown=body.markdown)
    return services().cloud.edit(message, content_of(new), picked=())


def _delete(person: Person, message: Message) -> None:
    if message.person is not person and not message.room.is_moderator(person):
        raise WebexError(403, "Only its author or a moderator may delete a message.")
    services().cloud.delete(message, person)


def _submit(person: Person, new: NewAction) -> AttachmentAction:
    if new.type != "submit":
        raise WebexError(400, "The attachment action's type must be submit.")
    cloud = services().cloud
    return cloud.submit(person, cloud.message(new.message_id, person), new.inputs)


FILTERS = {
    "parentId": is_id(lambda message: message.parent.id if message.parent else ""),
    "before": lambda message, value: shown(message.created) < moment(value),
    "beforeMessage": _is_before,
}
MESSAGES = Resource[Message](
    path="/messages",
    scopes=usual_scopes("spark:messages"),
    shape=_shape,
    find=_find,
    seen=_seen,
    filters=FILTERS,
    order=lambda message: [-message.number],
    size=50,
    largest=lambda query: 100 if query.get("mentionedPeople") else 1000,
    new=NewMessage,
    create=_create,
    created_shape=_created_shape,
    change=EditedMessage,
    update=_update,
    delete=_delete,
)
DIRECT_MESSAGES = Resource[Message](
    path="/messages/direct",
    scopes=usual_scopes("spark:messages"),
    shape=_shape,
    seen=_seen_direct,
    filters=FILTERS,
    order=lambda message: [-message.number],
    size=50,
)
ATTACHMENT_ACTIONS = Resource[AttachmentAction](
    path="/attachment/actions",
    scopes=usual_scopes("spark:messages"),
    shape=lambda action, viewer: action_json(action),
    find=lambda key, person: services().cloud.action(key, person),
    new=NewAction,
    create=_submit,
)
