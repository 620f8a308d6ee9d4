"""The tabs of spaces."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from ...model.errors import WebexError
from ...model.ids import bare_uuid, new_uuid, same
from ...model.people import Person
from ...model.rooms import Tab
from ...services import services
from ..request_bodies import Body
from ..resource import Query, Resource, usual_scopes
from ..response_json import tab_json


class TabBody(Body):
    """The body of POST and PUT."""

    room_id: str
    content_url: str = Field(pattern="^https?://")
    display_name: str = Field(min_length=1)


def _seen(person: Person, query: Query) -> Iterable[Tab]:
    if not query.get("roomId"):
        raise WebexError(400, "roomId is needed.")
    return list(services().cloud.room(query["roomId"], person).tabs.values())


def _find(key: str, person: Person) -> Tab:
    uuid = bare_uuid("ROOM_TAB", key)
    found = [room.tabs[uuid] for room in services().cloud.rooms_of(person) if uuid in room.tabs]
    if not found:
        raise WebexError(404, "Could not find a room tab with provided ID.")
    return found[0]


def _create(person: Person, body: TabBody) -> Tab:
    cloud = services().cloud
    room = cloud.room(body.room_id, person)
    tab = Tab(new_uuid(), room, body.display_name, body.content_url, person, cloud.clock.now_utc())
    room.tabs[tab.uuid] = tab
    cloud.notify()
    return tab


def _update(person: Person, tab: Tab, body: TabBody) -> Tab:
    if not same(body.room_id, tab.room.id):
        raise WebexError(400, "The tab is not in the room with this roomId.")
    tab.display_name, tab.content_url = body.display_name, body.content_url
    services().cloud.notify()
    return tab


def _delete(person: Person, tab: Tab) -> None:
    del tab.room.tabs[tab.uuid]
    services().cloud.notify()


TABS = Resource[Tab](
    path="/room/tabs",
    scopes=usual_scopes("spark:rooms"),
    shape=lambda tab, viewer: tab_json(tab),
    find=_find,
    seen=_seen,
    new=TabBody,
    create=_create,
    change=TabBody,
    update=_update,
    delete=_delete,
)
