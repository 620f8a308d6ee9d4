"""What a bot's client asks before it opens the websocket, and what it looks up about an event."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from .auth import caller
from .devices import Device
from .errors import WebexError
from .services import services
from .shapes import Json, action_json, message_json

blueprint = Blueprint("rest_devices", __name__)
SCOPE = "spark:kms"  # what a person's token needs to follow conversations


@blueprint.get("/u2c/api/v1/catalog")
def catalog() -> Response:
    """Return where the other services are."""
    caller(SCOPE)
    base = request.host_url.rstrip("/")
    links = {
        "wdm": f"{base}/wdm/api/v1",
        "conversation": f"{base}/conversation/api/v1",
        "hydra": f"{base}/v1",
    }
    return jsonify(serviceLinks=links)


@blueprint.get("/wdm/api/v1/devices")
def list_devices() -> Response | tuple[Response, int]:
    """Return the caller's devices; 404 when there is none, as Webex does."""
    devices = services().devices.of(caller(SCOPE))
    if not devices:
        raise WebexError(404)
    return jsonify(devices=[_shape(device) for device in devices])


@blueprint.post("/wdm/api/v1/devices")
def create_device() -> Response:
    """Register a device."""
    details = request.get_json(silent=True)
    return jsonify(
        _shape(services().devices.register(caller(SCOPE), details if isinstance(details, dict) else {}))
    )


@blueprint.delete("/wdm/api/v1/devices/<uuid>")
def delete_device(uuid: str) -> Response:
    """Forget a device."""
    person, devices = caller(SCOPE), services().devices
    device = devices.find(uuid)
    if device is None or device.person != person:
        raise WebexError(404)
    devices.remove(device)
    return Response(status=204)


def _shape(device: Device) -> Json:
    url = f"{request.host_url}wdm/api/v1/devices/{device.uuid}"
    return {**device.details, "url": url, "webSocketUrl": services().mercury.url(device)}


@blueprint.get("/conversation/api/v1/messages/<uuid>")
def look_up_message(uuid: str) -> Response:
    """Return the message of an event, with the id that the REST API takes."""
    return jsonify(message_json(services().cloud.message(uuid, caller(SCOPE))))


@blueprint.get("/conversation/api/v1/attachment/actions/<uuid>")
def look_up_action(uuid: str) -> Response:
    """Return the submitted card of an event, with the id that the REST API takes."""
    return jsonify(action_json(services().cloud.action(uuid, caller(SCOPE))))
