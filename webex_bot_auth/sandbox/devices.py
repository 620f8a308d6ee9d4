"""The devices that clients register to hear of events, and what is due to each of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from .ids import new_uuid
from .people import Person


@dataclass
class Due:
    """An event that a device has not acknowledged yet."""

    event: dict[str, Any]
    activity_id: str


@dataclass
class Device:
    """A registered client of a person or bot."""

    person: Person
    details: dict[str, Any]
    uuid: str = field(default_factory=new_uuid)
    due: list[Due] = field(default_factory=list)

    def acknowledge(self, message_id: str) -> None:
        """Strike an event out; clients name it by the event's own id or by the message's id."""
        self.due = [one for one in self.due if message_id not in (one.event["id"], one.activity_id)]


class Devices:
    """All registered devices."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._devices: dict[str, Device] = {}

    def register(self, person: Person, details: dict[str, Any]) -> Device:
        """Register a device; ``details`` are given back in lists of devices."""
        device = Device(person, details)
        with self._lock:
            self._devices[device.uuid] = device
        return device

    def of(self, person: Person) -> list[Device]:
        """Return somebody's devices, oldest first."""
        with self._lock:
            return [device for device in self._devices.values() if device.person == person]

    def find(self, uuid: str) -> Device | None:
        """Return the device with this id."""
        with self._lock:
            return self._devices.get(uuid)

    def remove(self, device: Device) -> None:
        """Forget a device."""
        with self._lock:
            self._devices.pop(device.uuid, None)
