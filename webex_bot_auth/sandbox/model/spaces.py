"""All spaces of the sandbox, and who is in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import ids
from .activities import Activity, Item, State
from .errors import WebexError
from .people import Person
from .rooms import Membership, Room


class Spaces:
    """All spaces.

    Args:
        state: The lock, the clock and the listeners.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._rooms: dict[str, Room] = {}

    def direct(self, one: Person, other: Person) -> Room:
        """Return the 1:1 space of two people, which is made if there is none yet."""
        with self._state.changed:
            return self.find_direct(one, other) or self._add_room("", one, (one, other), is_direct=True)

    def find_direct(self, one: Person, other: Person) -> Room | None:
        """Return the 1:1 space of two people; None if there is none yet."""
        with self._state.changed:
            rooms = (room for room in self._rooms.values() if room.is_direct)
            return next((room for room in rooms if set(room.members) == {one, other}), None)

    def group(self, title: str, people: Iterable[Person], **settings: Any) -> Room:
        """Return a new group, made by the first of its people; ``settings`` are attributes of a room."""
        everybody = tuple(dict.fromkeys(people))
        return self._add_room(title, everybody[0], everybody, **settings)

    def _add_room(self, title: str, creator: Person, people: Iterable[Person], **settings: Any) -> Room:
        with self._state.changed:
            now = self._state.clock.now_utc()
            room = Room(ids.new_uuid(), title, creator=creator, created=now, last_activity=now, **settings)
            for person in people:
                is_moderator = room.is_locked and person is creator
                room.members[person] = Membership(room, person, now, is_moderator)
            self._rooms[room.uuid] = room
            self._announce("create", "rooms", "created", creator, room, room)
            for membership in room.members.values():
                self._announce("", "memberships", "created", creator, room, membership)
        return room

    def change(self, room: Room, actor: Person, **settings: Any) -> None:
        """Change attributes of a space."""
        with self._state.changed:
            was_locked = room.is_locked
            for name, value in settings.items():
                setattr(room, name, value)
            verb = "update" if was_locked == room.is_locked else "lock" if room.is_locked else "unlock"
            self._announce(verb, "rooms", "updated", actor, room, room)

    def remove(self, room: Room, actor: Person) -> None:
        """Delete a space."""
        with self._state.changed:
            self._announce("delete", "rooms", "deleted", actor, room, room)
            del self._rooms[room.uuid]

    def rooms_of(self, person: Person) -> list[Room]:
        """Return the spaces that a person is in."""
        with self._state.changed:
            return [room for room in self._rooms.values() if person in room.members]

    def all(self) -> list[Room]:
        """Return all spaces."""
        with self._state.changed:
            return list(self._rooms.values())

    def room(self, key: str, person: Person) -> Room:
        """Return the space with this ID, for a person who is in it.

        Raises:
            WebexError: 404, there is no such space, or the person is not in it.
        """
        with self._state.changed:
            room = self._rooms.get(ids.bare_uuid("ROOM", key))
        if room is None or person not in room.members:
            raise WebexError(404, "Could not find a room with provided ID.")
        return room

    # -- who is in one

    def join(self, room: Room, person: Person, actor: Person, *, moderator: bool = False) -> Membership:
        """Add a person to a space and return the membership."""
        with self._state.changed:
            membership = Membership(room, person, self._state.clock.now_utc(), moderator)
            room.members[person] = membership
            self._announce("add", "memberships", "created", actor, room, membership)
        return membership

    def change_membership(
        self, membership: Membership, actor: Person, *, moderator: bool, hidden: bool
    ) -> None:
        """Make a person a moderator of a space or no longer one; hide a 1:1 space or show it again."""
        with self._state.changed:
            verb = "assignModerator" if moderator else "unassignModerator"
            if membership.is_moderator == moderator:
                verb = "hide" if hidden else ""
            membership.is_moderator, membership.is_hidden = moderator, hidden
            self._announce(verb, "memberships", "updated", actor, membership.room, membership)

    def leave(self, membership: Membership, actor: Person) -> None:
        """Remove a person from a space; the person still hears of it."""
        with self._state.changed:
            self._announce("leave", "memberships", "deleted", actor, membership.room, membership)
            del membership.room.members[membership.person]

    def _announce(self, verb: str, resource: str, event: str, actor: Person, room: Room, item: Item) -> None:
        audience = (actor,) if verb == "hide" else room.people
        self._state.announce(Activity(verb, resource, event, actor, room, item, audience, ids.new_uuid()))
