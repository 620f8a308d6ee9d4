"""What the page sends."""

from __future__ import annotations

from typing import Any

from flask import request

from ..model.errors import WebexError
from ..model.people import Person
from ..services import services


def body() -> dict[str, Any]:
    """Return the JSON object that the page has sent.

    Raises:
        WebexError: 415, it is none; only JSON will do, as forms of other sites cannot send it.
    """
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise WebexError(415, "A JSON object is needed, with Content-Type: application/json.")
    return sent


def texts(fields: dict[str, Any], name: str) -> list[str]:
    """Return a list of strings that the page has sent; empty if there is none.

    Raises:
        WebexError: 400, it is something else.
    """
    sent = fields.get(name) or []
    if not isinstance(sent, list) or not all(isinstance(one, str) for one in sent):
        raise WebexError(400, f"{name} must be a list of strings.")
    return sent


def chosen(key: object) -> Person:
    """Return the person with this ID, in whose name the page may act.

    Raises:
        WebexError: 404, there is no such person; 403, it is a bot.
    """
    person = services().cloud.person(str(key))
    if person.is_bot:
        raise WebexError(403, "A bot speaks for itself.")
    return person
