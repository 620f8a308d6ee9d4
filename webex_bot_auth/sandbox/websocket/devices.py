"""The devices that clients register to receive events, and the events for each."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from ..model.ids import new_uuid
from ..model.people import Person


@dataclass
class DeviceEvent:
    """An event for a device.

    Attributes:
        event: The event, as it is sent.
        activity_id: The ID of its activity in the REST API.
        is_awaited: True if the client acknowledges it.
        sent: How often it has been sent.
        acknowledged: True once the client has acknowledged it, or need not and has been sent it.
    """

    event: dict[str, Any]
    activity_id: str
    is_awaited: bool = True
    sent: int = 0
    acknowledged: bool = False


@dataclass
class Device:
    """A client of a person or bot that receives events over the websocket.

    Attributes:
        person: Whose client it is.
        details: What the client has registered with.
        uuid: Its UUID.
        events: All events for it, oldest first.
    """

    person: Person
    details: dict[str, Any]
    uuid: str = field(default_factory=new_uuid)
    events: list[DeviceEvent] = field(default_factory=list)

    @property
    def pending(self) -> list[DeviceEvent]:
        """The events that it has not acknowledged, oldest first."""
        return [one for one in self.events if not one.acknowledged]

    def acknowledge(self, message_id: str) -> None:
        """Note that an event has arrived; clients name it by its own ID or by that of its activity."""
        for one in self.pending:
            one.acknowledged = message_id in (one.event["id"], one.activity_id)


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

    def clear_events(self) -> None:
        """Forget all events."""
        with self._lock:
            for device in self._devices.values():
                device.events.clear()
