"""What goes over the websocket of each bot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, jsonify

from ...model.errors import WebexError
from ...services import services
from ...websocket.devices import Device, DeviceEvent
from ..bodies import body

blueprint = Blueprint("workbench_events", __name__, url_prefix="/workbench/events")
SHOWN = 300  # events in the list, the latest


def _all() -> Iterator[tuple[Device, DeviceEvent]]:
    for person in services().cloud.people:
        for device in services().devices.of(person):
            yield from ((device, event) for event in list(device.events))


@blueprint.get("")
def events() -> Response:
    """Return the bots and the latest events, oldest first."""
    mercury = services().mercury
    bots = [
        {"id": one.id, "name": one.display_name, "online": mercury.is_online(one)}
        for one in services().cloud.people
        if one.is_bot
    ]
    found = sorted(_all(), key=lambda pair: pair[1].event["timestamp"])[-SHOWN:]
    return jsonify(bots=bots, events=[_row(device, event) for device, event in found])


def _row(device: Device, event: DeviceEvent) -> dict[str, Any]:
    activity = event.event["data"].get("activity") or {}
    return {
        "id": event.event["id"],
        "device": device.uuid,
        "time": event.event["timestamp"],
        "bot": device.person.display_name,
        "verb": activity.get("verb", event.event["data"].get("eventType", "")),
        "actor": (activity.get("actor") or {}).get("displayName", ""),
        "sent": event.sent,
        "acknowledged": event.acknowledged,
        "json": json.dumps(event.event, indent=2, ensure_ascii=False),
    }


@blueprint.post("/again")
def deliver_again() -> Response:
    """Send an event once more."""
    fields = body()
    for device, event in _all():
        if device.uuid == fields.get("device") and event.event["id"] == fields.get("id"):
            services().mercury.deliver_again(device, event)
            return jsonify({})
    raise WebexError(404, "This event is not in the list any more.")


@blueprint.post("/drop")
def drop() -> Response:
    """Break the connections of a bot, as a network failure does."""
    services().mercury.disconnect(services().cloud.person(str(body().get("bot"))))
    return jsonify({})
