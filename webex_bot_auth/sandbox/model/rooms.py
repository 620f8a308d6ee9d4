"""Spaces, which the API calls rooms: 1:1 (direct) and groups; who is in them, and their tabs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from . import ids
from .people import Person


@dataclass(eq=False)
class Membership:
    """That a person is in a space.

    Attributes:
        room: The space.
        person: Who is in it.
        created: Since when.
        is_moderator: True for a moderator.
        is_hidden: True if the person has hidden a 1:1 space.
        number: Its place in lists.
    """

    room: Room = field(repr=False)
    person: Person
    created: datetime = field(repr=False)
    is_moderator: bool = False
    is_hidden: bool = False
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("MEMBERSHIP", f"{self.person.uuid}:{self.room.uuid}")


@dataclass(eq=False)
class Room:
    """A space.

    Attributes:
        uuid: Its UUID.
        title: The title of a group; empty for a 1:1 space, where each sees the other's name.
        creator: Who made it.
        created: When it was made.
        last_activity: When the latest message was posted, or when it was made.
        members: Who is in it, with their memberships.
        is_direct: True for a 1:1 space.
        team: The UUID of the team that it belongs to; empty for none.
        is_locked: True if only moderators may change it and who is in it.
        is_public: True if everybody in the organization may join.
        is_announcement_only: True if only moderators may post.
        is_read_only: True if nobody may post.
        description: What it is for.
        tabs: Its tabs, by their UUIDs.
        number: Its place in lists.
    """

    uuid: str
    title: str
    creator: Person = field(repr=False)
    created: datetime = field(repr=False)
    last_activity: datetime = field(repr=False)
    members: dict[Person, Membership] = field(default_factory=dict, repr=False)
    is_direct: bool = False
    team: str = ""
    is_locked: bool = False
    is_public: bool = False
    is_announcement_only: bool = False
    is_read_only: bool = False
    description: str = ""
    tabs: dict[str, Tab] = field(default_factory=dict, repr=False)
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("ROOM", self.uuid)

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is in it, those first who came first."""
        return tuple(self.members)

    @property
    def kind(self) -> str:
        """The type in the REST API: ``direct`` or ``group``."""
        return "direct" if self.is_direct else "group"

    def title_for(self, person: Person) -> str:
        """Return the title that a person sees."""
        if not self.is_direct:
            return self.title
        return next((other.display_name for other in self.people if other != person), person.display_name)

    def is_moderator(self, person: Person) -> bool:
        """Return True if a person moderates the space."""
        return person in self.members and self.members[person].is_moderator

    def moderators(self) -> list[Membership]:
        """Return the memberships of those who moderate the space."""
        return [one for one in list(self.members.values()) if one.is_moderator]

    def may_manage(self, person: Person) -> bool:
        """Return True if a person may change the space and who is in it: in a locked one, moderators only."""
        return person in self.members and (self.is_moderator(person) or not self.is_locked)

    def may_post(self, person: Person) -> bool:
        """Return True if a person who is in the space may post in it."""
        return not self.is_read_only and (self.is_moderator(person) or not self.is_announcement_only)


@dataclass(eq=False)
class Tab:
    """A tab of a space, which shows a web page.

    Attributes:
        uuid: Its UUID.
        room: The space.
        display_name: Its title.
        content_url: The address of the web page.
        creator: Who added it.
        created: When it was added.
        number: Its place in lists.
    """

    uuid: str
    room: Room
    display_name: str
    content_url: str
    creator: Person = field(repr=False)
    created: datetime = field(repr=False)
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("ROOM_TAB", self.uuid)
