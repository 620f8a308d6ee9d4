"""Cards: their limits, and what is passed on when they are submitted."""

from __future__ import annotations

from typing import Any

import pytest
from api_client import CARD_TYPE, call, card, refusal, sdk
from sandbox_world import World

from webex_bot_auth.sandbox import Message, WebexError

INPUTS = (
    {"type": "Input.Text", "id": "name", "label": "Name", "isRequired": True},
    {"type": "Input.Number", "id": "age", "value": 7},
    {"type": "Input.Toggle", "id": "agreed", "title": "Agreed"},
    {"type": "Input.ChoiceSet", "id": "colours", "isMultiSelect": True, "choices": []},
)


def post(world: World, attachment: dict[str, Any], text: str | None = "a card") -> Message:
    """Post a card as the bot, in the 1:1 space with Alice."""
    made = sdk(world.bot).messages.create(roomId=world.direct.id, text=text, attachments=[attachment])
    return next(one for one in world.cloud.messages(world.direct) if one.id == made.id)


def test_inputs_are_passed_on_as_strings_and_data_as_it_is(world: World) -> None:
    attachment = card(*INPUTS)
    attachment["content"]["actions"][0]["data"] = {"count": 3}
    message = post(world, attachment)
    inputs = {"name": 5, "agreed": True, "colours": ["red", "blue"]}
    action = world.cloud.submit(world.alice, message, inputs)
    read = sdk(world.bot).attachment_actions.get(action.id).inputs
    assert read == {"name": "5", "age": "7", "agreed": "true", "colours": "red,blue", "count": 3}


def test_a_toggle_that_nobody_touches_is_false(world: World) -> None:
    action = world.cloud.submit(world.alice, post(world, card(*INPUTS)), {"name": "x"})
    assert action.inputs["agreed"] == "false"


def test_a_required_input_has_to_be_filled_in(world: World) -> None:
    message = post(world, card(*INPUTS))
    with pytest.raises(WebexError, match="400: Name is required"):
        world.cloud.submit(world.alice, message)
    body = {"type": "submit", "messageId": message.id, "inputs": {"name": ""}}
    assert call(world.cloud, world.alice, "POST /attachment/actions", json=body).status_code == 400


@pytest.mark.parametrize(
    ("attachment", "why"),
    [
        (card(version="1.4"), "1.3"),
        (card(version="new"), "1.3"),
        (card({"type": "TextBlock", "text": "x" * 23_000}), "22528 bytes"),
        (card(actions=21), "20"),
        ({"contentType": CARD_TYPE, "content": {"type": "HeroCard"}}, "AdaptiveCard"),
    ],
)
def test_a_card_that_is_too_new_or_too_large_is_refused(
    world: World, attachment: dict[str, Any], why: str
) -> None:
    status, message = refusal(lambda: post(world, attachment))
    assert status == 400
    assert why in message


def test_a_card_needs_text_for_clients_that_cannot_show_it(world: World) -> None:
    status, message = refusal(lambda: post(world, card(), text=None))
    assert (status, "text" in message) == (400, True)


def test_a_card_cannot_be_edited(world: World) -> None:
    message = post(world, card())
    status, why = refusal(lambda: sdk(world.bot).messages.update(message.id, world.direct.id, text="new"))
    assert (status, "unsupported" in why) == (400, True)


def test_a_message_without_a_card_cannot_be_submitted(world: World) -> None:
    said = world.cloud.say(world.alice, world.direct, "no card")
    body = {"type": "submit", "messageId": said.id, "inputs": {}}
    assert call(world.cloud, world.bot, "POST /attachment/actions", json=body).status_code == 400
