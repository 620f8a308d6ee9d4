"""The JSON of messages, and cards to try out as a bot."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify

from ...content.card_limits import CARD
from ...model.errors import WebexError
from ...rest.request_bodies import content_of, parse_message
from ...rest.response_json import message_json
from ...services import services
from ..bodies import body

blueprint = Blueprint("workbench_messages", __name__, url_prefix="/workbench/messages")


@blueprint.get("/<key>")
def message(key: str) -> Response:
    """Return a message as the REST API returns it, and its card."""
    found = services().cloud.find_message(key)
    if found is None:
        raise WebexError(404, "This message was deleted.")
    shown = {"json": message_json(found, services().mercury.rest_url), "card": found.card}
    return jsonify(
        {name: json.dumps(part, indent=2, ensure_ascii=False) if part else "" for name, part in shown.items()}
    )


@blueprint.post("")
def post_card() -> Response:
    """Post a card as a bot, in a space that it is in."""
    fields, cloud = body(), services().cloud
    bot, card = cloud.person(str(fields.get("bot"))), fields.get("card")
    if not bot.is_bot or not isinstance(card, dict):
        raise WebexError(400, "A bot and a card are needed.")
    new = {"text": "A card from the workbench", "attachments": [{"contentType": CARD, "content": card}]}
    posted = cloud.post(bot, cloud.room(str(fields.get("room")), bot), content_of(parse_message(new)))
    return jsonify(id=posted.id)
