"""The list of events: what happened in the organization, for its compliance officers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..model import ids
from ..model.activities import Activity
from ..model.clock import Clock
from ..model.people import Person
from ..rest.response_json import Json
from .event_json import event_data


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        resource: The resource of the REST API that it is about.
        type: ``created``, ``updated`` or ``deleted``.
        actor: Who did it.
        created: When it happened.
        data: What it was done to.
        uuid: Its UUID.
        number: Its place in the list.
    """

    resource: str
    type: str
    actor: Person
    created: datetime
    data: Json = field(repr=False)
    uuid: str = field(default_factory=ids.new_uuid)
    number: int = field(default_factory=ids.next_number)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("EVENT", self.uuid)


class EventLog:
    """All events so far.

    Args:
        clock: The sandbox's clock.

    Attributes:
        base_url: The address of the sandbox, for files.
        events: The events, oldest first.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.base_url = ""
        self.events: list[Event] = []

    def add(self, activity: Activity) -> None:
        """Add what happened."""
        if activity.event:
            data, now = event_data(activity, self.base_url), self._clock.now_utc()
            self.events.append(Event(activity.resource, activity.event, activity.actor, now, data))
