"""Device codes: a device polls with one, while its user enters the user code on another screen."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from ..model.clock import Clock
from ..model.people import Person
from .settings import OAuthSettings

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no words appear; no digits that look like letters


@dataclass
class DeviceCode:
    """A device that waits until its user decides.

    Attributes:
        value: The device code.
        user_code: The code that the user enters.
        client_id: The integration's client ID.
        scopes: What the integration may do.
        expires_at: When both codes expire, in seconds since 1970.
        interval: Minimum time between two polls, in seconds.
        person: Who approved; None until then.
        denied: True once the user has denied.
        polled_at: When the device polled last, in seconds since 1970.
    """

    value: str = field(repr=False)
    user_code: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float
    interval: int
    person: Person | None = None
    denied: bool = False
    polled_at: float = 0.0


class DeviceCodes:
    """The device codes that were issued and not exchanged yet.

    Args:
        clock: The sandbox's clock.
        settings: The lifetime of codes and the interval of polls.
    """

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._codes: dict[str, DeviceCode] = {}
        self._issued: set[str] = set()

    def issue(self, client_id: str, scopes: tuple[str, ...]) -> DeviceCode:
        """Return a new device code with its user code."""
        user_code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))
        expires_at = self._clock.now() + self._settings.device_code_lifetime
        value, interval = secrets.token_urlsafe(32), self._settings.device_interval
        code = DeviceCode(value, user_code, client_id, scopes, expires_at, interval)
        with self._lock:
            self._codes[value] = code
            self._issued.add(value)
        return code

    def find_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the waiting device with this user code; None if there is none."""
        typed = user_code.strip().upper().replace(" ", "-")
        with self._lock:
            for code in self._codes.values():
                is_waiting = code.person is None and not code.denied and self._clock.now() < code.expires_at
                if code.user_code in (typed, f"{typed[:4]}-{typed[4:]}") and is_waiting:
                    return code
        return None

    def decide(self, code: DeviceCode, person: Person | None) -> None:
        """Record that a person has approved, or with None that the user has denied."""
        with self._lock:
            code.person, code.denied = person, person is None

    def poll(self, value: str, client_id: str) -> tuple[str, DeviceCode | None]:
        """Answer a device that polls.

        Args:
            value: The device code.
            client_id: The integration that polls.

        Returns:
            The OAuth error, empty once the user has approved; and the code, None if it is unknown.
        """
        with self._lock:
            code, now = self._codes.get(value), self._clock.now()
            if code is None or code.client_id != client_id:
                return "invalid_grant", None
            too_soon, code.polled_at = now - code.polled_at < code.interval, now
            if now >= code.expires_at:
                return "expired_token", code
            if code.denied:
                return "access_denied", code
            if code.person is None:
                return ("slow_down" if too_soon else "authorization_pending"), code
            del self._codes[value]
            return "", code

    def secrets(self) -> set[str]:
        """Return every device code issued so far; user codes are shown to people, so they are not secret."""
        with self._lock:
            return set(self._issued)
