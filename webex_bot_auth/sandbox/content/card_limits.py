"""The limits of cards. Webex documents the version; the others are not confirmed."""

from __future__ import annotations

import json
import re
from typing import Any

from ..model.errors import WebexError
from .cards import elements

CARD = "application/vnd.microsoft.card.adaptive"
MAX_BYTES = 22 * 1024
MAX_VERSION = (1, 3)
MAX_BUTTONS = 20
VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})")


def check(content_type: str, card: dict[str, Any]) -> None:
    """Check a card.

    Raises:
        WebexError: 400, it is no Adaptive Card, too large, too new, or has too many buttons.
    """
    if content_type != CARD or card.get("type") != "AdaptiveCard":
        raise WebexError(400, f"The attachment must be an AdaptiveCard, its contentType {CARD}.")
    version = VERSION.fullmatch(str(card.get("version", "1.0")))
    if version is None or (int(version[1]), int(version[2])) > MAX_VERSION:
        raise WebexError(400, "Unsupported version of the card: up to 1.3 is supported.")
    if len(json.dumps(card, ensure_ascii=False).encode()) > MAX_BYTES:
        raise WebexError(400, f"The card is too large: it is limited to {MAX_BYTES} bytes.")
    if sum(str(one["type"]).startswith("Action.") for one in elements(card)) > MAX_BUTTONS:
        raise WebexError(400, f"The card has too many buttons: {MAX_BUTTONS} are allowed.")
