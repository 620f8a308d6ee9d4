"""The cards, as Adaptive Cards 1.3: https://developer.webex.com/docs/buttons-and-cards"""

from __future__ import annotations

from typing import Any

Card = dict[str, Any]


def login_card(*, title: str, sentence: str, button: str, url: str, small_print: str, code: str = "") -> Card:
    """A card with a button that opens the login in the browser.

    Args:
        code: device grant: what to compare or enter there
    """
    # here, as a process that only serves the redirect hardly ever needs it
    from webexpythonsdk.models.cards import AdaptiveCard, FontSize, FontWeight, TextBlock
    from webexpythonsdk.models.cards.actions import OpenUrl
    from webexpythonsdk.models.cards.options import ActionStyle

    body = [
        TextBlock(title, size=FontSize.LARGE, weight=FontWeight.BOLDER, wrap=True),
        TextBlock(sentence, wrap=True),
        *([TextBlock(code, size=FontSize.MEDIUM, weight=FontWeight.BOLDER, wrap=True)] if code else []),
        TextBlock(small_print, size=FontSize.SMALL, isSubtle=True, wrap=True),
    ]
    action = OpenUrl(url=url, title=button, style=ActionStyle.POSITIVE)
    card: Card = AdaptiveCard(body=body, actions=[action]).to_dict()
    return card
