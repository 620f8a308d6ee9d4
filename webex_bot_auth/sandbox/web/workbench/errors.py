"""The errors of the bots that run in the sandbox's process."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from ...model import ids
from ...model.clock import iso
from ...services import services
from ..page_json import handling_fields

blueprint = Blueprint("workbench_errors", __name__, url_prefix="/workbench/errors")


@blueprint.get("")
def errors() -> Response:
    """Return the messages at which a bot has failed, the latest first."""
    cloud = services().cloud
    failed = [one for one in services().handlings.all() if one.state == "failed"]
    texts = {one.message_uuid: cloud.find_message(one.message_uuid) for one in failed}
    rows = [
        {
            "id": one.uuid,
            "message": ids.encode("MESSAGE", one.message_uuid),
            "text": message.text if (message := texts[one.message_uuid]) else "",
            "room": message.room.id if message else "",
            "time": iso(one.started),
            **handling_fields(one),
        }
        for one in reversed(failed)
    ]
    return jsonify(errors=rows)
