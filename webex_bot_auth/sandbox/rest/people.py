"""The REST API for people, spaces and memberships."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ..model.clock import iso
from ..model.errors import WebexError
from ..model.people import Person
from ..model.rooms import Room
from ..services import services
from .auth import caller
from .shapes import Json, membership_json, person_json, room_json

blueprint = Blueprint("rest_people", __name__, url_prefix="/v1")


@blueprint.get("/people/me")
def me() -> Response:
    """Return the caller."""
    return jsonify(person_json(caller("spark:people_read"), request.host_url))


@blueprint.get("/people/<person_id>")
def get_person(person_id: str) -> Response:
    """Return one person."""
    caller("spark:people_read")
    return jsonify(person_json(services().cloud.person(person_id), request.host_url))


@blueprint.get("/people")
def list_people() -> Response:
    """Return people by email address, name or id."""
    caller("spark:people_read")
    wanted = {key: request.args[key] for key in ("email", "displayName", "id") if request.args.get(key)}
    if not wanted:
        raise WebexError(400, "Email or displayName should be specified.")
    found = [one for one in services().cloud.people if _fits(one, wanted)]
    return jsonify(items=[person_json(one, request.host_url) for one in found])


def _fits(person: Person, wanted: dict[str, str]) -> bool:
    return (
        person.email == wanted.get("email", person.email).lower()
        and person.display_name.lower().startswith(wanted.get("displayName", "").lower())
        and person.id in wanted.get("id", person.id).split(",")
    )


@blueprint.get("/rooms")
def list_rooms() -> Response:
    """Return the spaces that the caller is in."""
    person, kind = caller("spark:rooms_read"), request.args.get("type")
    rooms = [room for room in services().cloud.rooms_of(person) if kind in (None, room.kind)]
    return jsonify(items=[_room(room, person) for room in rooms])


@blueprint.get("/rooms/<room_id>")
def get_room(room_id: str) -> Response:
    """Return one space."""
    person = caller("spark:rooms_read")
    return jsonify(_room(services().cloud.room(room_id, person), person))


def _room(room: Room, viewer: Person) -> Json:
    messages = services().cloud.messages(room)
    return room_json(room, viewer, iso(messages[-1].created if messages else room.created))


@blueprint.get("/memberships")
def list_memberships() -> Response:
    """Return who is in a space, or in which spaces the caller is."""
    person, cloud = caller("spark:memberships_read"), services().cloud
    if not request.args.get("roomId"):
        return jsonify(items=[membership_json(room, person) for room in cloud.rooms_of(person)])
    room = cloud.room(request.args["roomId"], person)
    email, person_id = request.args.get("personEmail"), request.args.get("personId")
    people = [one for one in room.people if email in (None, one.email) and person_id in (None, one.id)]
    return jsonify(items=[membership_json(room, one) for one in people])
