"""Adaptive Cards: what is sent when a person fills in the inputs of a card and presses a button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
    defaults = {one["id"]: one.get("value", "") for one in elements(card) if _is_input(one)}
    data = chosen[0].get("data")
    return {**defaults, **(data if isinstance(data, Mapping) else {}), **inputs}


def _is_input(element: Card) -> bool:
    return str(element["type"]).startswith("Input.") and "id" in element


def open_url(card: Card) -> str:
    """Return the address that the first Action.OpenUrl button of a card opens.

    Raises:
        LookupError: There is no such button.
    """
    for one in elements(card):
        if one["type"] == "Action.OpenUrl":
            return str(one["url"])
    raise LookupError("the card opens no URL")
