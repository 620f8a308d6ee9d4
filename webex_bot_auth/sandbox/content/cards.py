"""Adaptive Cards: what is sent when a person fills in the inputs of a card and presses a button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model.errors import WebexError

Card = Mapping[str, Any]


def elements(node: Any) -> Iterator[Card]:
    """Yield every element and action of a card, in the order of the JSON."""
    if isinstance(node, Mapping):
        if "type" in node:
            yield node
        for part in node.values():
            yield from elements(part)
    elif isinstance(node, list):
        for part in node:
            yield from elements(part)


def submit_actions(card: Card) -> list[Card]:
    """Return the Action.Submit buttons of a card."""
    return [one for one in elements(card) if one["type"] == "Action.Submit"]


def submitted_data(card: Card, inputs: Mapping[str, Any], action: int | str) -> dict[str, Any]:
    """Return the inputs that a client sends when a person presses an Action.Submit button.

    Args:
        card: The card.
        inputs: What the person fills in, by the ids of inputs; the others send the values that the card has.
        action: The button's title, or its number among the Action.Submit buttons, from 0.

    Raises:
        LookupError: There is no such button.
    """
    buttons = submit_actions(card)
    chosen = [one for number, one in enumerate(buttons) if action in (number, one.get("title"))]
    if not chosen:
        raise LookupError(f"no button {action!r} among {[one.get('title') for one in buttons]}")
    data = chosen[0].get("data")
    defaults = {key: _default(one) for key, one in _inputs(card).items()}
    return {**defaults, **(data if isinstance(data, Mapping) else {}), **inputs}


def checked_inputs(card: Card, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Webex passes on: what was filled in as strings, and the data of the button as it is.

    Raises:
        WebexError: 400, a required input is empty.
    """
    known = _inputs(card)
    for key, one in known.items():
        if one.get("isRequired") is True and inputs.get(key) in (None, "", False):
            raise WebexError(400, str(one.get("errorMessage") or f"{one.get('label') or key} is required."))
    return {key: as_text(value) if key in known else value for key, value in inputs.items()}


def as_text(value: Any) -> str:
    """Return an input's value as Webex passes it on, for example ``true``; choices with commas between."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inputs(card: Card) -> dict[str, Card]:
    return {one["id"]: one for one in elements(card) if str(one["type"]).startswith("Input.") and "id" in one}


def _default(element: Card) -> str:
    if element["type"] == "Input.Toggle":
        return as_text(element.get("value", element.get("valueOff", "false")))
    return as_text(element.get("value"))


def open_url(card: Card) -> str:
    """Return the address that the first Action.OpenUrl button of a card opens.

    Raises:
        LookupError: There is no such button.
    """
    for one in elements(card):
        if one["type"] == "Action.OpenUrl":
            return str(one["url"])
    raise LookupError("the card opens no URL")
