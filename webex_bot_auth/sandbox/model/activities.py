"""What happened in the sandbox, and the websocket events that report it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import ids
from .clock import iso
from .messages import Message
from .people import Person
from .rooms import Room


@dataclass(frozen=True)
class Activity:
    """A message that was posted, or a card that was submitted.

    Attributes:
        verb: ``post`` or ``cardAction``.
        uuid: The UUID of the message or of the attachment action.
        actor: Who did it.
        message: The message that was posted, or whose card was submitted.
        audience: Who receives the event.
        inputs: What was filled in on the card; None for a message.
    """

    verb: str
    uuid: str
    actor: Person
    message: Message
    audience: tuple[Person, ...]
    inputs: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The ID in the REST API, with which clients acknowledge the event."""
        return ids.encode("MESSAGE" if self.verb == "post" else "ATTACHMENT_ACTION", self.uuid)


def websocket_event(activity: Activity, rest_url: str, now: datetime) -> dict[str, Any]:
    """Return the websocket event of an activity.

    Args:
        activity: What happened.
        rest_url: The base URL under which clients look up the message.
        now: The time of the event.
    """
    return {
        "id": ids.new_uuid(),
        "data": {"eventType": "conversation.activity", "activity": _activity(activity, rest_url, now)},
        "timestamp": int(now.timestamp() * 1000),
        "trackingId": f"SANDBOX_{ids.new_uuid()}",
        "alertType": "none",
        "headers": {},
    }


def _activity(activity: Activity, rest_url: str, now: datetime) -> dict[str, Any]:
    fields = {
        "id": activity.uuid,
        "objectType": "activity",
        "url": f"{rest_url}/conversation/api/v1/activities/{activity.uuid}",
        "published": iso(now),
        "verb": activity.verb,
        "actor": _actor(activity.actor),
        "object": _object(activity),
        "target": _target(activity.message.room, rest_url),
    }
    parent = _parent(activity)
    return {**fields, "parent": parent} if parent else fields


def _parent(activity: Activity) -> dict[str, str] | None:
    if activity.verb == "cardAction":
        return {"id": activity.message.uuid, "type": "cardAction"}
    if activity.message.parent is not None:
        return {"id": activity.message.parent.uuid, "type": "reply"}
    return None


def _object(activity: Activity) -> dict[str, Any]:
    if activity.verb == "cardAction":
        return {"objectType": "submit", "inputs": dict(activity.inputs or {})}
    people = [{"id": one.uuid, "objectType": "person"} for one in activity.message.mentioned]
    return {
        "objectType": "comment",
        "displayName": "(encrypted)",  # as at Webex, clients have to look up the text
        "mentions": {"items": people},
    }


def _actor(person: Person) -> dict[str, Any]:
    return {
        "id": person.email,
        "objectType": "person",
        "displayName": person.display_name,
        "orgId": ids.bare_uuid("ORGANIZATION", ids.ORGANIZATION),
        "emailAddress": person.email,
        "entryUUID": person.uuid,
        "type": "BOT" if person.is_bot else "PERSON",
    }


def _target(room: Room, rest_url: str) -> dict[str, Any]:
    return {
        "id": room.uuid,
        "objectType": "conversation",
        "url": f"{rest_url}/conversation/api/v1/conversations/{room.uuid}",
        "tags": ["ONE_ON_ONE"] if room.is_direct else [],
    }
