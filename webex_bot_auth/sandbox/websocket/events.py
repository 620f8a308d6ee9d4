"""The websocket events that report what happened, as webex_bot and the JavaScript SDK expect them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..model import ids
from ..model.activities import Activity
from ..model.clock import iso
from ..model.messages import AttachmentAction, Content, Message
from ..model.people import Person
from ..model.rooms import Membership, Room

Json = dict[str, Any]
ACKNOWLEDGED = {"post", "share", "update", "cardAction"}


def is_acknowledged(activity: Activity) -> bool:
    """Return True if clients acknowledge an activity: new and edited messages, files and submitted cards."""
    return activity.message is not None and activity.verb in ACKNOWLEDGED


def websocket_event(activity: Activity, rest_url: str, now: datetime) -> Json:
    """Return the websocket event of an activity.

    Args:
        activity: What happened.
        rest_url: The base URL under which clients look up the message.
        now: The time of the event.
    """
    return envelope(
        {"eventType": "conversation.activity", "activity": _activity(activity, rest_url, now)}, now
    )


def envelope(data: Json, now: datetime) -> Json:
    """Return the websocket event with these data."""
    return {
        "id": ids.new_uuid(),
        "data": data,
        "timestamp": int(now.timestamp() * 1000),
        "trackingId": f"SANDBOX_{ids.new_uuid()}",
        "alertType": "none",
        "headers": {},
    }


def _activity(activity: Activity, rest_url: str, now: datetime) -> Json:
    fields = {
        "id": activity.uuid,
        "objectType": "activity",
        "url": f"{rest_url}/conversation/api/v1/activities/{activity.uuid}",
        "published": iso(now),
        "verb": activity.verb,
        "actor": _person(activity.actor),
        "object": _object(activity, rest_url),
        "target": _conversation(activity.room, rest_url),
    }
    parent = _parent(activity)
    return {**fields, "parent": parent} if parent else fields


def _parent(activity: Activity) -> dict[str, str] | None:
    message = activity.message
    if activity.verb == "cardAction" and message is not None:
        return {"id": message.uuid, "type": "cardAction"}
    if message is not None and activity.event == "updated":  # Webex's clients post an edit as a new activity
        return {"id": message.uuid, "type": "edit"}
    if message is not None and message.parent is not None:
        return {"id": message.parent.uuid, "type": "reply"}
    return None


def _object(activity: Activity, rest_url: str) -> Json:
    item = activity.item
    if isinstance(item, AttachmentAction):
        return {"objectType": "submit", "inputs": dict(item.inputs)}
    if isinstance(item, Membership):
        room = _conversation(item.room, rest_url)
        return room if activity.verb == "hide" else _participant(item)
    if isinstance(item, Message):
        return (
            {"id": item.uuid, "objectType": "activity"}
            if activity.verb == "delete"
            else _comment(item, rest_url)
        )
    return {
        **_conversation(activity.room, rest_url),
        "participants": {"items": [_participant(one) for one in activity.room.members.values()]},
    }


def _comment(message: Message, rest_url: str) -> Json:
    people = [{"id": one.uuid, "objectType": "person"} for one in message.mentioned]
    groups = [{"objectType": "groupMention", "groupType": one} for one in message.groups]
    common = {
        "displayName": "(encrypted)",  # as at Webex, clients have to look up the text
        "mentions": {"items": people},
        **({"groupMentions": {"items": groups}} if groups else {}),
    }
    if not message.content.files:
        return {"objectType": "comment", **common}
    return {
        "objectType": "content",
        "contentCategory": "documents",
        "files": _files(message.content, rest_url),
        **common,
    }


def _files(content: Content, rest_url: str) -> Json:
    items = [
        {
            "objectType": "file",
            "url": f"{rest_url}/v1/contents/{file.id}",
            "displayName": file.name,
            "mimeType": file.content_type,
            "fileSize": len(file.data),
            "malwareQuarantineState": "safe",
        }
        for file in content.files
    ]
    return {"items": items}


def _person(person: Person) -> Json:
    return {
        "id": person.email,
        "objectType": "person",
        "displayName": person.display_name,
        "orgId": ids.ORGANIZATION_UUID,
        "emailAddress": person.email,
        "entryUUID": person.uuid,
        "type": "BOT" if person.is_bot else "PERSON",
    }


def _participant(membership: Membership) -> Json:
    return {**_person(membership.person), "roomProperties": {"isModerator": membership.is_moderator}}


def _conversation(room: Room, rest_url: str) -> Json:
    return {
        "id": room.uuid,
        "globalId": room.id,
        "objectType": "conversation",
        "url": f"{rest_url}/conversation/api/v1/conversations/{room.uuid}",
        "tags": ["ONE_ON_ONE"] if room.is_direct else ["LOCKED"] if room.is_locked else [],
    }
