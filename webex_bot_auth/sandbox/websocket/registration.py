"""The endpoints that a bot's client uses before it opens the websocket, and to look up an event."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from ..model.errors import WebexError
from ..rest.auth import caller
from ..rest.response_json import Json, action_json, message_json
from ..services import services
from .devices import Device

blueprint = Blueprint("registration", __name__)
SCOPE = "spark:kms"  # what a token of an integration needs to receive events


@blueprint.get("/u2c/api/v1/catalog")
def catalog() -> Response:
    """Return the addresses of the other services."""
    caller(SCOPE)
    return limited_catalog()


@blueprint.get("/u2c/api/v1/limited/catalog")
def limited_catalog() -> Response:
    """Return the addresses of the other services to a client that does not say yet who it is.

    The JavaScript SDK cannot start without ``hostCatalog``, ``metrics`` and ``encryption``.
    """
    base = request.host_url.rstrip("/")
    links = {
        "wdm": f"{base}/wdm/api/v1",
        "conversation": f"{base}/conversation/api/v1",
        "hydra": f"{base}/v1",
        "metrics": f"{base}/metrics/api/v1",
        "encryption": f"{base}/encryption/api/v1",
    }
    host = urlsplit(base).hostname or ""
    hosts = [{"host": host, "ttl": -1, "priority": 1, "id": f"urn:TEAM:us-east-2_a:{name}"} for name in links]
    return jsonify(serviceLinks=links, hostCatalog={host: hosts}, format="hostmap")


@blueprint.post("/metrics/api/v1/clientmetrics")
def metrics() -> Response:
    """Forget what a client reports of itself."""
    return Response(status=204)


@blueprint.get("/wdm/api/v1/devices")
def list_devices() -> Response | tuple[Response, int]:
    """Return the caller's devices; 404 if there is none, as at Webex."""
    devices = services().devices.of(caller(SCOPE))
    if not devices:
        raise WebexError(404)
    return jsonify(devices=[_device_json(device) for device in devices])


@blueprint.post("/wdm/api/v1/devices")
def create_device() -> Response:
    """Register a device."""
    details = request.get_json(silent=True)
    return jsonify(
        _device_json(services().devices.register(caller(SCOPE), details if isinstance(details, dict) else {}))
    )


@blueprint.delete("/wdm/api/v1/devices/<uuid>")
def delete_device(uuid: str) -> Response:
    """Remove a device."""
    person, devices = caller(SCOPE), services().devices
    device = devices.find(uuid)
    if device is None or device.person != person:
        raise WebexError(404)
    devices.remove(device)
    return Response(status=204)


def _device_json(device: Device) -> Json:
    url = f"{request.host_url}wdm/api/v1/devices/{device.uuid}"
    return {
        **device.details,
        "url": url,
        "userId": device.person.uuid,
        "webSocketUrl": services().mercury.url(device),
    }


@blueprint.get("/conversation/api/v1/messages/<uuid>")
def look_up_message(uuid: str) -> Response:
    """Return the message of an event, with its ID in the REST API."""
    return jsonify(message_json(services().cloud.message(uuid, caller(SCOPE)), request.host_url.rstrip("/")))


@blueprint.get("/conversation/api/v1/attachment/actions/<uuid>")
def look_up_action(uuid: str) -> Response:
    """Return the submitted card of an event, with its ID in the REST API."""
    return jsonify(action_json(services().cloud.action(uuid, caller(SCOPE))))
