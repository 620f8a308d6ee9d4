"""What a person does with an Adaptive Card: fill in its inputs and press a button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Card = Mapping[str, Any]


def elements(node: Any) -> Iterator[Card]:
    """Return every element and action of a card, in the order they are written."""
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


def pressed(card: Card, inputs: Mapping[str, Any], action: int | str) -> dict[str, Any]:
    """Return what a client sends when a person fills in ``inputs`` and presses a button.

    ``action`` is the button's number or title. Inputs that are not filled in send what the card preset.

    Raises:
        LookupError: there is no such button.
    """
    buttons = submit_actions(card)
    chosen = [one for number, one in enumerate(buttons) if action in (number, one.get("title"))]
    if not chosen:
        raise LookupError(f"no button {action!r} among {[one.get('title') for one in buttons]}")
    preset = {one["id"]: one.get("value", "") for one in elements(card) if _is_input(one)}
    data = chosen[0].get("data")
    return {**preset, **(data if isinstance(data, Mapping) else {}), **inputs}


def _is_input(element: Card) -> bool:
    return str(element["type"]).startswith("Input.") and "id" in element


def open_url(card: Card) -> str:
    """Return the address behind the first Action.OpenUrl of a card.

    Raises:
        LookupError: there is no such button.
    """
    for one in elements(card):
        if one["type"] == "Action.OpenUrl":
            return str(one["url"])
    raise LookupError("the card opens no URL")
