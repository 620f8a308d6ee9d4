"""The JSON of everything that the REST API returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..content.card_limits import CARD
from ..model import ids
from ..model.clock import iso
from ..model.messages import AttachmentAction, Message
from ..model.people import Person
from ..model.rooms import Membership, Room, Tab
from ..model.teams import Team, TeamMembership

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
        "avatar": f"{base_url}/static/bot.svg" if person.is_bot else None,
        "firstName": None if person.is_bot else first,
        "lastName": None if person.is_bot else last,
        "orgId": ids.ORGANIZATION,
        "created": iso(person.created),
        "status": "unknown",
        "type": "bot" if person.is_bot else "person",
        **person.details,
    }
    return without_none(fields)


def room_json(room: Room, viewer: Person) -> Json:
    """Return the JSON of a space, as one of its people sees it."""
    fields: Json = {
        "id": room.id,
        "title": room.title_for(viewer),
        "type": room.kind,
        "isLocked": room.is_locked,
        "teamId": ids.encode("TEAM", room.team) if room.team else None,
        "lastActivity": iso(room.last_activity),
        "creatorId": room.creator.id,
        "created": iso(room.created),
        "ownerId": ids.ORGANIZATION,
        "isAnnouncementOnly": room.is_announcement_only,
        "isReadOnly": room.is_read_only,
        "isPublic": room.is_public,
        "description": room.description or None,
    }
    return without_none(fields)


def meeting_json(room: Room) -> Json:
    """Return the JSON of a space's meeting."""
    number = str(room.number).zfill(10)
    return {
        "roomId": room.id,
        "meetingLink": f"https://sandbox.example.com/m/{room.uuid}",
        "sipAddress": f"{number}@sandbox.example.com",
        "meetingNumber": number,
        "callInTollFreeNumber": "",
        "callInTollNumber": "",
    }


def membership_json(membership: Membership) -> Json:
    """Return the JSON of a person's membership in a space."""
    room = membership.room
    return {
        "id": membership.id,
        "roomId": room.id,
        **_member(membership.person),
        "isModerator": membership.is_moderator,
        "isRoomHidden": membership.is_hidden,
        "isMonitor": membership.is_moderator,
        "roomType": room.kind,
        "created": iso(membership.created),
    }


def message_json(message: Message, base_url: str) -> Json:
    """Return the JSON of a message; ``base_url`` is the address of the sandbox, for files."""
    content = message.content
    fields: Json = {
        "id": message.id,
        "parentId": message.parent.id if message.parent else None,
        "roomId": message.room.id,
        "roomType": message.room.kind,
        "text": content.text,
        "markdown": content.markdown,
        "html": content.html,
        "files": [f"{base_url}/v1/contents/{file.id}" for file in content.files] or None,
        "attachments": [{"contentType": CARD, "content": content.card}] if content.card else None,
        "personId": message.person.id,
        "personEmail": message.person.email,
        "mentionedPeople": [person.id for person in message.mentioned] or None,
        "mentionedGroups": list(message.groups) or None,
        "created": iso(message.created),
        "updated": iso(message.updated) if message.updated else None,
    }
    return without_none(fields)


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


def tab_json(tab: Tab) -> Json:
    """Return the JSON of a space's tab."""
    return {
        "id": tab.id,
        "roomId": tab.room.id,
        "roomType": tab.room.kind,
        "displayName": tab.display_name,
        "contentUrl": tab.content_url,
        "creatorId": tab.creator.id,
        "created": iso(tab.created),
    }


def team_json(team: Team) -> Json:
    """Return the JSON of a team."""
    fields = {"id": team.id, "name": team.name, "description": team.description or None}
    return without_none({**fields, "created": iso(team.created)})


def team_membership_json(membership: TeamMembership) -> Json:
    """Return the JSON of a person's membership in a team."""
    return {
        "id": membership.id,
        "teamId": membership.team.id,
        **_member(membership.person),
        "isModerator": membership.is_moderator,
        "created": iso(membership.created),
    }


def _member(person: Person) -> Json:
    return {
        "personId": person.id,
        "personEmail": person.email,
        "personDisplayName": person.display_name,
        "personOrgId": ids.ORGANIZATION,
    }


def without_none(fields: Mapping[str, Any]) -> Json:
    """Return the fields that have a value."""
    return {key: value for key, value in fields.items() if value is not None}
