"""The JSON of people, spaces, memberships, messages and submitted cards in the REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import ids
from ..model.clock import iso
from ..model.messages import AttachmentAction, Message
from ..model.people import Person
from ..model.rooms import Room
from .request_bodies import CARD

Json = dict[str, Any]


def person_json(person: Person, base_url: str) -> Json:
    """Return the JSON of a person; ``base_url`` is the address of the sandbox, for a bot's picture."""
    first, _, last = person.display_name.partition(" ")
    fields: Json = {
        "id": person.id,
        "emails": [person.email],
        "phoneNumbers": [],
        "displayName": person.display_name,
        "nickName": person.display_name if person.is_bot else first,
        # webex_bot puts it into its help card, which is refused without it
        "avatar": f"{base_url}static/bot.svg" if person.is_bot else None,
        "firstName": None if person.is_bot else first,
        "lastName": None if person.is_bot else last,
        "orgId": ids.ORGANIZATION,
        "created": iso(person.created),
        "status": "unknown",
        "type": "bot" if person.is_bot else "person",
    }
    return _without_none(fields)


def room_json(room: Room, viewer: Person, last_activity: str) -> Json:
    """Return the JSON of a space, as one of its people sees it."""
    return {
        "id": room.id,
        "title": room.title_for(viewer),
        "type": room.kind,
        "isLocked": False,
        "lastActivity": last_activity,
        "creatorId": room.people[0].id,
        "created": iso(room.created),
        "ownerId": ids.ORGANIZATION,
        "isPublic": False,
        "isReadOnly": False,
    }


def membership_json(room: Room, person: Person) -> Json:
    """Return the JSON of a person's membership in a space."""
    return {
        "id": ids.encode("MEMBERSHIP", f"{person.uuid}:{room.uuid}"),
        "roomId": room.id,
        "personId": person.id,
        "personEmail": person.email,
        "personDisplayName": person.display_name,
        "personOrgId": ids.ORGANIZATION,
        "isModerator": False,
        "isMonitor": False,
        "roomType": room.kind,
        "created": iso(room.created),
    }


def message_json(message: Message) -> Json:
    """Return the JSON of a message."""
    content = message.content
    fields: Json = {
        "id": message.id,
        "roomId": message.room.id,
        "roomType": message.room.kind,
        "parentId": message.parent.id if message.parent else None,
        "text": content.text,
        "markdown": content.markdown,
        "html": content.html,
        "files": list(content.files) or None,
        "attachments": [{"contentType": CARD, "content": content.card}] if content.card else None,
        "personId": message.person.id,
        "personEmail": message.person.email,
        "mentionedPeople": [person.id for person in message.mentioned] or None,
        "created": iso(message.created),
        "updated": iso(message.updated) if message.updated else None,
    }
    return _without_none(fields)


def action_json(action: AttachmentAction) -> Json:
    """Return the JSON of a submitted card."""
    return {
        "id": action.id,
        "type": "submit",
        "messageId": action.message.id,
        "inputs": dict(action.inputs),
        "personId": action.person.id,
        "roomId": action.message.room.id,
        "created": iso(action.created),
    }


def _without_none(fields: Mapping[str, Any]) -> Json:
    return {key: value for key, value in fields.items() if value is not None}
