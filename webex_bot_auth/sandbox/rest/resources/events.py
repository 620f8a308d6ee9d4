"""The list of events, for administrators; at Webex, for compliance officers."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import ids
from ...model.clock import iso, shown
from ...model.errors import WebexError
from ...model.people import Person
from ...notifications.event_log import Event
from ...services import services
from ..auth import administrator
from ..resource import Query, Resource, Scopes, is_id, moment
from ..response_json import Json


def _shape(event: Event, viewer: Person) -> Json:
    return {
        "id": event.id,
        "resource": event.resource,
        "type": event.type,
        "actorId": event.actor.id,
        "orgId": ids.ORGANIZATION,
        "created": iso(event.created),
        "data": event.data,
    }


def _seen(person: Person, query: Query) -> Iterable[Event]:
    administrator(person)
    return list(services().event_log.events)


def _find(key: str, person: Person) -> Event:
    administrator(person)
    for event in services().event_log.events:
        if event.uuid == ids.bare_uuid("EVENT", key):
            return event
    raise WebexError(404, "Could not find an event with provided ID.")


EVENTS = Resource[Event](
    path="/events",
    scopes=Scopes(("spark-compliance:events_read",), ()),
    shape=_shape,
    find=_find,
    seen=_seen,
    filters={
        "resource": lambda event, value: event.resource == value,
        "type": lambda event, value: event.type == value,
        "actorId": is_id(lambda event: event.actor.id),
        "from": lambda event, value: shown(event.created) >= moment(value),
        "to": lambda event, value: shown(event.created) <= moment(value),
    },
    order=lambda event: [-event.number],
)
