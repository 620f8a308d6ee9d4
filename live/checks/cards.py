"""Cards, and what is sent when somebody presses a button of one."""

import requests

from ..results import Outcome
from ..webex import FIELD, Json, Webex, answered, body, both

TEXT = {"type": "TextBlock", "text": "Hello"}
NUMBER = {"type": "Input.Number", "id": "number"}
REQUIRED = {"type": "Input.Text", "id": "text", "label": "Text", "isRequired": True, "errorMessage": "!"}


def _card(*parts: Json, version: str = "1.3", buttons: int = 1) -> Json:
    actions = [{"type": "Action.Submit", "title": str(number)} for number in range(buttons)]
    content = {"type": "AdaptiveCard", "version": version, "body": [TEXT, *parts], "actions": actions}
    return {"contentType": FIELD, "content": content}


def _submit(webex: Webex, part: Json, inputs: Json) -> requests.Response:
    message = body(webex.bot.post(text="card", attachments=[_card(part)]))
    action = {"type": "submit", "messageId": message["id"], "inputs": inputs}
    return webex.person.call("POST", "/attachment/actions", json=action)


def version(webex: Webex) -> Outcome:
    """A card of version 1.3 is accepted; 1.4 is refused with 400."""
    return both(
        answered(webex.bot.post(text="card", attachments=[_card()]), 200),
        answered(webex.bot.post(text="card", attachments=[_card(version="1.4")]), 400),
    )


def card_without_text(webex: Webex) -> Outcome:
    """A card without text or Markdown is refused with 400."""
    return answered(webex.bot.post(attachments=[_card()]), 400)


def buttons(webex: Webex) -> Outcome:
    """A card with 20 buttons is accepted; 21 are refused with 400."""
    return both(
        answered(webex.bot.post(text="card", attachments=[_card(buttons=20)]), 200),
        answered(webex.bot.post(text="card", attachments=[_card(buttons=21)]), 400),
    )


def size(webex: Webex) -> Outcome:
    """A card of 21 KiB is accepted; one of 23 KiB is refused with 400."""
    small, large = ({**TEXT, "text": "x" * (count * 1024)} for count in (21, 23))
    return both(
        answered(webex.bot.post(text="card", attachments=[_card(small)]), 200),
        answered(webex.bot.post(text="card", attachments=[_card(large)]), 400),
    )


def status_of_a_submit(webex: Webex) -> Outcome:
    """A POST of an attachment action is answered with 200."""
    return answered(_submit(webex, NUMBER, {"number": "1"}), 200)


def numbers_are_text(webex: Webex) -> bool:
    """A number that is filled in arrives as text."""
    action = body(_submit(webex, NUMBER, {"number": 1}))
    return bool(body(webex.bot.get(f"/attachment/actions/{action['id']}"))["inputs"] == {"number": "1"})


def required_input(webex: Webex) -> Outcome:
    """A submit without a required input is refused with 400."""
    return answered(_submit(webex, REQUIRED, {}), 400)
