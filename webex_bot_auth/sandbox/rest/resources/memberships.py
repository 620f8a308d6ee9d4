"""Who is in a space."""

from __future__ import annotations

from collections.abc import Iterable

from ...model.errors import WebexError
from ...model.ids import bare_uuid
from ...model.people import Person
from ...model.rooms import Membership
from ...services import services
from ..request_bodies import Body
from ..resource import Query, Resource, is_id, is_text, usual_scopes
from ..response_json import membership_json


class NewMembership(Body):
    """The body of POST."""

    room_id: str
    person_id: str | None = None
    person_email: str | None = None
    is_moderator: bool = False


class ChangedMembership(Body):
    """The body of PUT."""

    is_moderator: bool
    is_room_hidden: bool = False


def person_of(person_id: str | None, email: str | None) -> Person:
    """Return the person whom a body names.

    Raises:
        WebexError: 400, it names not exactly one; 404, there is no such person.
    """
    if bool(person_id) == bool(email):
        raise WebexError(400, "Exactly one of personId and personEmail is needed.")
    return services().cloud.person(person_id or email or "")


def _seen(person: Person, query: Query) -> Iterable[Membership]:
    cloud = services().cloud
    if query.get("roomId"):
        return list(cloud.room(query["roomId"], person).members.values())
    if not (query.get("personId") or query.get("personEmail")):
        return [room.members[person] for room in cloud.rooms_of(person)]
    if not person.is_admin:
        raise WebexError(400, "personId and personEmail need roomId.")
    return [one for room in cloud.spaces.all() for one in list(room.members.values())]


def _find(key: str, person: Person) -> Membership:
    who, _, where = bare_uuid("MEMBERSHIP", key).partition(":")
    cloud = services().cloud
    room, member = cloud.room(where, person), cloud.find_person(who)
    if member is None or member not in room.members:
        raise WebexError(404, "Could not find a membership with provided ID.")
    return room.members[member]


def _create(actor: Person, body: NewMembership) -> Membership:
    cloud = services().cloud
    room = cloud.room(body.room_id, actor)
    person = person_of(body.person_id, body.person_email)
    if room.is_direct:
        raise WebexError(403, "Nobody can be added to a 1:1 room.")
    _check_may_manage(actor, room.may_manage(actor))
    if person in room.members:
        raise WebexError(409, "The person is already in the room.")
    return cloud.spaces.join(room, person, actor, moderator=body.is_moderator)


def _update(actor: Person, membership: Membership, body: ChangedMembership) -> Membership:
    hides = membership.room.is_direct and membership.person is actor
    if body.is_moderator != membership.is_moderator:
        _check_may_manage(actor, membership.room.may_manage(actor) and not membership.room.is_direct)
    is_hidden = body.is_room_hidden if hides else membership.is_hidden
    services().cloud.spaces.change_membership(
        membership, actor, moderator=body.is_moderator, hidden=is_hidden
    )
    return membership


def _delete(actor: Person, membership: Membership) -> None:
    room = membership.room
    if room.is_direct:
        raise WebexError(403, "Nobody can leave a 1:1 room.")
    _check_may_manage(actor, membership.person is actor or room.may_manage(actor))
    moderators = room.moderators()
    if room.team and moderators == [membership]:
        raise WebexError(403, "The last moderator of a team's room cannot be removed.")
    services().cloud.spaces.leave(membership, actor)


def _check_may_manage(person: Person, may: bool) -> None:
    if not may:
        raise WebexError(403, f"{person.display_name} may not change who is in or moderates this room.")


MEMBERSHIPS = Resource[Membership](
    path="/memberships",
    scopes=usual_scopes("spark:memberships"),
    shape=lambda membership, viewer: membership_json(membership),
    find=_find,
    seen=_seen,
    filters={
        "personId": is_id(lambda membership: membership.person.id),
        "personEmail": is_text(lambda membership: membership.person.email),
    },
    new=NewMembership,
    create=_create,
    change=ChangedMembership,
    update=_update,
    delete=_delete,
)
