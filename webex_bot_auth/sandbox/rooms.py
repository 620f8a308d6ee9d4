"""Spaces, which the API calls rooms: direct ones of two, and groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from . import ids
from .people import Person


@dataclass(frozen=True)
class Room:
    """A space; ``title`` is empty for a direct one, where each sees the other's name."""

    uuid: str
    title: str
    is_direct: bool
    people: tuple[Person, ...]
    created: datetime = field(repr=False)

    @property
    def id(self) -> str:
        """The id in Webex's REST API."""
        return ids.encode("ROOM", self.uuid)

    @property
    def kind(self) -> str:
        """``direct`` or ``group``, as the API says it."""
        return "direct" if self.is_direct else "group"

    def title_for(self, person: Person) -> str:
        """Return the title this person sees."""
        if not self.is_direct:
            return self.title
        return next((other.display_name for other in self.people if other != person), person.display_name)
