"""How a resource of the REST API is described in a table, and how its operations are made from that.

Each resource has a row in ``rest.resources``: its path, its scopes, its JSON, what the caller sees of it, its
filters and sort orders, and what creating, changing and deleting do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Generic, NamedTuple, TypeVar

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel

from ..model import ids
from ..model.clock import shown
from ..model.errors import WebexError
from ..model.people import Person
from .auth import caller
from .paging import MAX, page
from .request_bodies import requested
from .response_json import Json

T = TypeVar("T")
Query = Mapping[str, str]


def _usual_largest(_query: Query) -> int:
    return MAX


class Scopes(NamedTuple):
    """The scopes of which reading, and of which writing needs one; none if any valid token will do."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Resource(Generic[T]):
    """A resource of the REST API.

    Attributes:
        path: Its path below ``/v1``.
        scopes: The scopes that it needs.
        shape: Returns the JSON of an item, as a person sees it.
        find: Returns the item with an ID, for a person who may see it, and raises 404 otherwise; None if
            single items are not read.
        seen: Returns all items that a person sees, given the query; None if there is no list.
        more: Returns further fields of a list.
        filters: For each parameter of the query, tells whether an item fits its value.
        sorts: For each value of ``sortBy``, returns the place of an item in the list.
        order: Returns the place of an item in the list otherwise.
        size: How many items a page has, where the request does not say.
        largest: The largest ``max`` of a request with this query.
        new: The body of POST.
        create: Makes an item and returns it; None if there is no POST.
        created_shape: Returns the JSON that answers POST, if it is another.
        change: The body of PUT.
        update: Changes an item and returns it; None if there is no PUT.
        delete: Deletes an item; None if there is no DELETE.
    """

    path: str
    scopes: Scopes
    shape: Callable[[T, Person], Json]
    find: Callable[[str, Person], T] | None = None
    seen: Callable[[Person, Query], Iterable[T]] | None = None
    more: Callable[[list[T], Query], Json] | None = None
    filters: Mapping[str, Callable[[T, str], bool]] = field(default_factory=dict)
    sorts: Mapping[str, Callable[[T], list[Any]]] = field(default_factory=dict)
    order: Callable[[T], list[Any]] = lambda item: [getattr(item, "number", 0)]
    size: int = 100
    largest: Callable[[Query], int] = _usual_largest
    new: type[BaseModel] | None = None
    create: Callable[[Person, Any], T] | None = None
    created_shape: Callable[[T, Person], Json] | None = None
    change: type[BaseModel] | None = None
    update: Callable[[Person, T, Any], T] | None = None
    delete: Callable[[Person, T], None] | None = None

    # -- the operations

    def answer_list(self) -> Response:
        """Return the items that the caller sees and that fit the query."""
        person, query = caller(*self.scopes.reads), request.args.to_dict()
        given = {name: query[name] for name in self.filters if query.get(name)}
        items = [
            item
            for item in (self.seen(person, query) if self.seen else ())
            if all(self.filters[name](item, value) for name, value in given.items())
        ]
        return page(
            items,
            self._order(query.get("sortBy")),
            lambda item: self.shape(item, person),
            size=self.size,
            largest=self.largest(query),
            more=self.more(items, query) if self.more else None,
        )

    def _order(self, name: str | None) -> Callable[[T], list[Any]]:
        if name and self.sorts and name not in self.sorts:
            raise WebexError(400, f"sortBy must be one of {', '.join(self.sorts)}.")
        return self.sorts.get(name or "", self.order)

    def answer_get(self, key: str) -> Response:
        """Return one item."""
        person = caller(*self.scopes.reads)
        return jsonify(self.shape(self._found(key, person), person))

    def _found(self, key: str, person: Person) -> T:
        if self.find is None:
            raise WebexError(404)
        return self.find(key, person)

    def answer_create(self) -> Response:
        """Make an item."""
        person = caller(*self.scopes.writes)
        if self.new is None or self.create is None:
            raise WebexError(405)
        item = self.create(person, requested(self.new))
        return jsonify((self.created_shape or self.shape)(item, person))

    def answer_update(self, key: str) -> Response:
        """Change one item."""
        person = caller(*self.scopes.writes)
        if self.change is None or self.update is None:
            raise WebexError(405)
        item = self._found(key, person)
        return jsonify(self.shape(self.update(person, item, requested(self.change)), person))

    def answer_delete(self, key: str) -> Response:
        """Delete one item."""
        person = caller(*self.scopes.writes)
        if self.delete is None:
            raise WebexError(405)
        self.delete(person, self._found(key, person))
        return Response(status=204)

    def add_to(self, blueprint: Blueprint) -> None:
        """Add the operations that the resource has to a blueprint."""
        one = f"{self.path}/<key>"
        operations: list[tuple[str, str, Callable[..., Response], object]] = [
            ("GET", self.path, self.answer_list, self.seen),
            ("POST", self.path, self.answer_create, self.create),
            ("GET", one, self.answer_get, self.find),
            ("PUT", one, self.answer_update, self.update),
            ("DELETE", one, self.answer_delete, self.delete),
        ]
        for method, path, view, exists in operations:
            if exists is not None:
                blueprint.add_url_rule(path, f"{method} {path}".replace(".", "_"), view, methods=[method])


def usual_scopes(name: str) -> Scopes:
    """Return the usual scopes for reading and writing, for example of ``spark:rooms``."""
    return Scopes((f"{name}_read",), (f"{name}_write",))


def is_id(of: Callable[[Any], str]) -> Callable[[Any, str], bool]:
    """Return a filter for an ID in any form; ``of`` returns that of an item."""
    return lambda item, value: ids.same(of(item), value)


def is_text(of: Callable[[Any], str]) -> Callable[[Any, str], bool]:
    """Return a filter for a text, whether in capitals or not; ``of`` returns that of an item."""
    return lambda item, value: of(item).lower() == value.lower()


def moment(written: str) -> datetime:
    """Return a date and time of a query, in any time zone; without one, it is in UTC.

    Raises:
        WebexError: 400, it is none.
    """
    text = written.strip().upper().replace("Z", "+00:00")
    if "T" in text:
        text = text.replace(" ", "+")  # a plus sign in a query stands for a space
    try:
        found = datetime.fromisoformat(_six_digits(text))
        return shown(found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc))
    except (ValueError, OverflowError) as error:  # OverflowError: in UTC, it is before the year 1
        raise WebexError(400, f"{written} is not a date and time in ISO 8601.") from error


def _six_digits(text: str) -> str:
    """Fractions of a second in the form that Python 3.10 reads."""
    whole, dot, rest = text.partition(".")
    if not dot:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"
