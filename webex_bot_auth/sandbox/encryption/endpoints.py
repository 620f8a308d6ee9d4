"""The endpoints of the key service; its answers come over the websocket."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ..model.errors import WebexError
from ..rest.auth import caller
from ..services import services

blueprint = Blueprint("encryption", __name__, url_prefix="/encryption/api/v1/kms")
SCOPE = "spark:kms"


@blueprint.get("/<user>")
def details(user: str) -> Response:
    """Return the public key of the service."""
    if caller(SCOPE).uuid != user:
        raise WebexError(404)
    return jsonify(services().key_service.details())


@blueprint.post("/messages")
def messages() -> Response:
    """Answer requests, each to the device that it comes from."""
    person, body = caller(SCOPE), request.get_json(silent=True)
    asked = body.get("kmsMessages") if isinstance(body, dict) else None
    if not isinstance(asked, list):
        raise WebexError(400, "kmsMessages are needed.")
    for message in asked:
        address, answer = services().key_service.answer(str(message))
        device = services().devices.find(address.rpartition("/")[2])
        if device is None or device.person is not person:
            raise WebexError(404, "The device that asks is not registered.")
        event = {"eventType": "encryption.kms_message", "encryption": {"kmsMessages": [answer]}}
        services().mercury.send(device, event)
    return jsonify({})
