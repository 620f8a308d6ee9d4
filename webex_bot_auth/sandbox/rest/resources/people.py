"""People: found by all, managed by administrators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from pydantic import ConfigDict, Field

from ...model.errors import WebexError
from ...model.ids import same
from ...model.people import Person
from ...services import services
from ..auth import administrator
from ..request_bodies import Body
from ..resource import Query, Resource, Scopes, is_text
from ..response_json import Json, person_json

ADMIN_FIELDS = ("roles", "licenses", "locationId", "loginEnabled", "invitePending")
MAX_IDS = 85


class PersonBody(Body):
    """The body of POST and PUT; fields without a meaning for the sandbox are kept as they are."""

    model_config = ConfigDict(extra="allow")

    emails: list[str] = Field(min_length=1)
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    roles: list[str] | None = None
    licenses: list[str] | None = None

    def name(self) -> str:
        """Return the display name.

        Raises:
            WebexError: 400, there is no name.
        """
        name = self.display_name or " ".join(filter(None, (self.first_name, self.last_name)))
        if not name:
            raise WebexError(400, "displayName, firstName or lastName is needed.")
        return name

    def details(self) -> dict[str, Any]:
        """Return the further fields."""
        kept = {
            "firstName": self.first_name,
            "lastName": self.last_name,
            "roles": self.roles,
            "licenses": self.licenses,
            **(self.model_extra or {}),
        }
        return {key: value for key, value in kept.items() if value is not None and key not in RESERVED}


RESERVED = {"id", "emails", "displayName", "created", "type", "orgId"}


def _seen(person: Person, query: Query) -> Iterable[Person]:
    if not person.is_admin and not any(query.get(key) for key in ("email", "displayName", "id")):
        raise WebexError(400, "Email or displayName should be specified.")
    if len(query.get("id", "").split(",")) > MAX_IDS:
        raise WebexError(400, f"At most {MAX_IDS} ids may be given.")
    return services().cloud.people


def _find(key: str, person: Person) -> Person:
    return person if key == "me" else services().cloud.person(key)


def _shape(person: Person, viewer: Person) -> Json:
    shown = person_json(person, request.host_url.rstrip("/"))
    if viewer.is_admin or viewer is person:
        return shown
    return {key: value for key, value in shown.items() if key not in ADMIN_FIELDS}


def _more(found: list[Person], query: Query) -> Json:
    wanted = filter(None, query.get("id", "").split(","))
    missing = [key for key in wanted if not any(same(key, one.id) for one in found)]
    return {"notFoundIds": missing} if missing else {}


def _create(actor: Person, body: PersonBody) -> Person:
    administrator(actor)
    try:
        person = services().cloud.add_person(body.name(), email=body.emails[0], details=body.details())
    except ValueError as error:
        raise WebexError(409, f"A person with the address {body.emails[0]} exists already.") from error
    services().tokens.add_own_token(person)
    return person


def _update(actor: Person, person: Person, body: PersonBody) -> Person:
    administrator(actor)
    other = services().cloud.find_person(body.emails[0])
    if other not in (None, person):
        raise WebexError(409, f"A person with the address {body.emails[0]} exists already.")
    with services().cloud.changed:
        person.email, person.display_name = body.emails[0].lower(), body.name()
        person.details = body.details()
        services().cloud.notify()
    return person


def _delete(actor: Person, person: Person) -> None:
    administrator(actor)
    services().cloud.remove_person(person, actor)
    services().tokens.revoke_all(person)


PEOPLE = Resource[Person](
    path="/people",
    scopes=Scopes(("spark:people_read", "spark-admin:people_read"), ("spark-admin:people_write",)),
    shape=_shape,
    find=_find,
    seen=_seen,
    more=_more,
    filters={
        "email": is_text(lambda person: person.email),
        "displayName": lambda person, value: person.display_name.lower().startswith(value.lower()),
        "id": lambda person, value: any(same(key, person.id) for key in value.split(",")),
        "roles": lambda person, value: bool(set(value.split(",")) & set(person.details.get("roles", ()))),
        "locationId": lambda person, value: person.details.get("locationId") == value,
    },
    new=PersonBody,
    create=_create,
    change=PersonBody,
    update=_update,
    delete=_delete,
)
