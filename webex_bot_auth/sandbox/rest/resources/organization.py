"""What an administrator lists: organizations, roles and licenses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...model import ids
from ...model.errors import WebexError
from ...model.people import Person
from ...services import services
from ..auth import administrator
from ..resource import Query, Resource, Scopes
from ..response_json import Json

NAMES = {
    "ROLE": (
        "Full Administrator",
        "User and Device Administrator",
        "Read-only Administrator",
        "Compliance Officer",
    ),
    "LICENSE": (
        "Advanced Messaging",
        "Meeting - Webex Meetings Suite",
        "Calling - Webex Calling Professional",
    ),
}


def _id(kind: str, number: int) -> str:
    return ids.encode(kind, f"00000000-0000-4000-8000-{number:012}")


ROLES: Sequence[Json] = [
    {"id": _id("ROLE", number), "name": name} for number, name in enumerate(NAMES["ROLE"])
]
LICENSES: Sequence[Json] = [
    {"id": _id("LICENSE", number), "name": name, "totalUnits": 100}
    for number, name in enumerate(NAMES["LICENSE"])
]
ORGANIZATIONS: Sequence[Json] = [
    {"id": ids.ORGANIZATION, "displayName": "Webex sandbox", "created": "2020-01-01T00:00:00.000Z"}
]


def _table(path: str, items: Sequence[Json], *, counts: bool = False) -> Resource[Json]:
    def shape(item: Json, viewer: Person) -> Json:
        if not counts:
            return item
        used = sum(item["id"] in one.details.get("licenses", ()) for one in services().cloud.people)
        return {**item, "consumedUnits": used}

    def seen(person: Person, query: Query) -> Iterable[Json]:
        administrator(person)
        return items

    def find(key: str, person: Person) -> Json:
        administrator(person)
        for item in items:
            if ids.same(item["id"], key):
                return item
        raise WebexError(404)

    return Resource[Json](
        path=path,
        scopes=Scopes((f"spark-admin:{path[1:]}_read",), ()),
        shape=shape,
        find=find,
        seen=seen,
        order=lambda item: [items.index(item)],
    )


TABLES = (
    _table("/organizations", ORGANIZATIONS),
    _table("/roles", ROLES),
    _table("/licenses", LICENSES, counts=True),
)
