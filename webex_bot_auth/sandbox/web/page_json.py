"""The JSON of people, spaces and messages for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..bot_reports.handlings import Handling
from ..model.clock import iso
from ..model.messages import File, Message
from ..model.people import Person
from ..model.rooms import Room
from ..services import services


def person_fields(person: Person) -> dict[str, Any]:
    """Return what the page shows of a person or bot."""
    return {
        "id": person.id,
        "name": person.display_name,
        "email": person.email,
        "isBot": person.is_bot,
        "online": not person.is_bot or services().mercury.is_online(person),
        "commands": services().handlings.commands(person) if person.is_bot else [],
    }


def space_fields(room: Room, viewer: Person, messages: Sequence[Message] = ()) -> dict[str, Any]:
    """Return what the page shows of a space in the list of spaces."""
    last = messages[-1] if messages else None
    return {
        "id": room.id,
        "title": room.title_for(viewer),
        "isDirect": room.is_direct,
        "people": [one.id for one in room.people],
        "preview": f"{last.person.display_name}: {last.text or 'a card'}"[:200] if last else "",
        "active": iso(last.created if last else room.created),
        "count": sum(one.person is not viewer for one in messages),  # of others: one's own are not new
    }


def message_fields(message: Message) -> dict[str, Any]:
    """Return what the page shows of a message."""
    content = message.content
    bots = [] if message.person.is_bot else [one for one in message.room.people if one.is_bot]
    is_unseen = not any(services().cloud.sees(one, message) for one in bots)
    return {
        "id": message.id,
        "parent": message.parent.id if message.parent else None,
        "person": message.person.id,
        "text": content.text,
        "markdown": content.markdown or content.html,
        "card": content.card,
        "files": [_file_fields(one) for one in content.files],
        "unseenBy": [one.display_name for one in bots] if is_unseen else [],
        "mentioned": [one.display_name for one in message.mentioned],
        "created": iso(message.created),
        "edited": message.updated is not None,
        "handling": [handling_fields(one) for one in services().handlings.of(message.uuid)],
    }


def _file_fields(file: File) -> dict[str, Any]:
    return {"id": file.id, "name": file.name, "type": file.content_type, "size": len(file.data)}


def handling_fields(handling: Handling) -> dict[str, Any]:
    """Return what the page shows of what a bot is doing with a message, without secrets."""
    masked = services().masked
    return {
        "bot": handling.bot.display_name,
        "state": handling.state,
        "title": masked(handling.title) if handling.title else "",
        "report": masked(handling.report) if handling.report else "",
    }
