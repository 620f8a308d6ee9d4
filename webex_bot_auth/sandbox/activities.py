"""What happened, the way the websocket tells it."""

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
    """Something that happened: ``verb`` is post or cardAction, ``uuid`` the message's or the action's."""

    verb: str
    uuid: str
    actor: Person
    message: Message
    audience: tuple[Person, ...]
    inputs: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The id that the REST API gives it; clients acknowledge this one."""
        return ids.encode("MESSAGE" if self.verb == "post" else "ATTACHMENT_ACTION", self.uuid)


def envelope(activity: Activity, rest_url: str, now: datetime) -> dict[str, Any]:
    """Return the event of an activity; ``rest_url`` is where its conversation can be looked up."""
    return {
        "id": ids.new_uuid(),
        "data": {"eventType": "conversation.activity", "activity": _activity(activity, rest_url, now)},
        "timestamp": int(now.timestamp() * 1000),
        "trackingId": f"SANDBOX_{ids.new_uuid()}",
        "alertType": "none",
        "headers": {},
    }


def _activity(activity: Activity, rest_url: str, now: datetime) -> dict[str, Any]:
    shape = {
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
    return {**shape, "parent": parent} if parent else shape


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
        "displayName": "(encrypted)",  # as at Webex, what was said has to be fetched
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
