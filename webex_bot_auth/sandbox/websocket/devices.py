"""The devices that clients register to receive events, and the events that they have not acknowledged."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from ..model.ids import new_uuid
from ..model.people import Person


@dataclass
class PendingEvent:
    """An event that a device has not acknowledged yet.

    Attributes:
        event: The event, as it is sent.
        activity_id: The ID of its activity in the REST API.
    """

    event: dict[str, Any]
    activity_id: str


@dataclass
class Device:
    """A client of a person or bot that receives events over the websocket.

    Attributes:
        person: Whose client it is.
        details: What the client has registered with.
        uuid: Its UUID.
        pending: The events that it has not acknowledged, oldest first.
    """

    person: Person
    details: dict[str, Any]
    uuid: str = field(default_factory=new_uuid)
    pending: list[PendingEvent] = field(default_factory=list)

    def acknowledge(self, message_id: str) -> None:
        """Remove a pending event; clients name it by its own ID or by that of its activity."""
        self.pending = [one for one in self.pending if message_id not in (one.event["id"], one.activity_id)]


class Devices:
    """All registered devices."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._devices: dict[str, Device] = {}

    def register(self, person: Person, details: dict[str, Any]) -> Device:
        """Register a device; ``details`` are returned in lists of devices."""
        device = Device(person, details)
        with self._lock:
            self._devices[device.uuid] = device
        return device

    def of(self, person: Person) -> list[Device]:
        """Return the devices of a person or bot, oldest first."""
        with self._lock:
            return [device for device in self._devices.values() if device.person == person]

    def find(self, uuid: str) -> Device | None:
        """Return the device with this UUID; None if there is none."""
        with self._lock:
            return self._devices.get(uuid)

    def remove(self, device: Device) -> None:
        """Remove a device."""
        with self._lock:
            self._devices.pop(device.uuid, None)
