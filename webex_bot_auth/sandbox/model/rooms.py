"""Spaces, which the API calls rooms: 1:1 (direct) and groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from . import ids
from .people import Person


@dataclass(frozen=True)
class Room:
    """A space.

    Attributes:
        uuid: Its UUID.
        title: The title of a group; empty for a 1:1 space, where each sees the other's name.
        is_direct: True for a 1:1 space.
        people: Who is in it.
        created: When it was made.
    """

    uuid: str
    title: str
    is_direct: bool
    people: tuple[Person, ...]
    created: datetime = field(repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("ROOM", self.uuid)

    @property
    def kind(self) -> str:
        """The type in the REST API: ``direct`` or ``group``."""
        return "direct" if self.is_direct else "group"

    def title_for(self, person: Person) -> str:
        """Return the title that a person sees."""
        if not self.is_direct:
            return self.title
        return next((other.display_name for other in self.people if other != person), person.display_name)
