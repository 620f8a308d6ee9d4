"""Spaces, which the API calls rooms, and their meetings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, jsonify
from pydantic import Field

from ...model.clock import shown
from ...model.errors import WebexError
from ...model.people import Person
from ...model.rooms import Room
from ...services import services
from ..auth import caller
from ..request_bodies import Body
from ..resource import Query, Resource, is_id, moment, usual_scopes
from ..response_json import meeting_json, room_json


class RoomBody(Body):
    """The body of POST and PUT."""

    title: str = Field(min_length=1, max_length=200)
    team_id: str | None = None
    is_locked: bool | None = None
    is_public: bool | None = None
    is_announcement_only: bool | None = None
    is_read_only: bool | None = None
    description: str | None = None

    def settings(self) -> dict[str, Any]:
        """Return the attributes of a room that are given."""
        given = self.model_dump(exclude={"team_id"}, exclude_none=True)
        if "description" in given:
            given["description"] = given["description"].strip()  # a single space removes it
        return given


def _seen(person: Person, query: Query) -> Iterable[Room]:
    cloud = services().cloud
    if query.get("orgPublicSpaces") == "true":
        return [room for room in cloud.spaces.all() if room.is_public]
    return cloud.rooms_of(person)


def _find(key: str, person: Person) -> Room:
    return services().cloud.room(key, person)


def _create(person: Person, body: RoomBody) -> Room:
    cloud, settings = services().cloud, body.settings()
    _check_announcement(settings.get("is_announcement_only"), settings.get("is_locked"))
    if body.team_id:
        settings["team"] = cloud.teams.get(body.team_id, person).uuid
    return cloud.group(settings.pop("title"), [person], **settings)


def _update(person: Person, room: Room, body: RoomBody) -> Room:
    cloud, settings = services().cloud, body.settings()
    if room.is_direct:
        raise WebexError(400, "A 1:1 room cannot be changed.")
    if not room.may_manage(person):
        raise WebexError(403, "Only moderators may change this room.")
    is_locked = settings.get("is_locked", room.is_locked)
    _check_announcement(settings.get("is_announcement_only", room.is_announcement_only), is_locked)
    if body.team_id:
        settings["team"] = cloud.teams.get(body.team_id, person).uuid
    if is_locked and not room.moderators():
        room.members[person].is_moderator = True  # who locks a room moderates it
    cloud.spaces.change(room, person, **settings)
    return room


def _check_announcement(is_announcement_only: bool | None, is_locked: bool | None) -> None:
    if is_announcement_only and not is_locked:
        raise WebexError(400, "Only a locked room can be for announcements only.")


def _delete(person: Person, room: Room) -> None:
    if room.is_direct:
        raise WebexError(400, "A 1:1 room cannot be deleted.")
    if room.is_moderator(person) or (room.creator is person and not room.is_locked):
        services().cloud.spaces.remove(room, person)
    else:  # a safeguard of Webex: others only leave
        services().cloud.spaces.leave(room.members[person], person)


def meeting_info(key: str) -> Response:
    """Return how to join the meeting of a space."""
    person = caller("spark:rooms_read")
    return jsonify(meeting_json(_find(key, person)))


ROOMS = Resource[Room](
    path="/rooms",
    scopes=usual_scopes("spark:rooms"),
    shape=room_json,
    find=_find,
    seen=_seen,
    filters={
        "type": lambda room, value: room.kind == value,
        "teamId": is_id(lambda room: room.team),
        "from": lambda room, value: shown(room.created) >= moment(value),
        "to": lambda room, value: shown(room.created) <= moment(value),
    },
    sorts={
        "id": lambda room: [room.id],
        "lastactivity": lambda room: [-room.last_activity.timestamp(), room.number],
        "created": lambda room: [-room.created.timestamp(), room.number],
    },
    new=RoomBody,
    create=_create,
    change=RoomBody,
    update=_update,
    delete=_delete,
)
