"""Device codes: a device polls with one, while its user approves with the user code on another screen."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from .clock import Clock
from .people import Person
from .settings import OAuthSettings

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no words come about; no digits to mistake


@dataclass
class DeviceCode:
    """A device that waits for its user; ``person`` is who approved, ``denied`` says that nobody will."""

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
    """The device codes given out and not redeemed yet."""

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._codes: dict[str, DeviceCode] = {}
        self._issued: set[str] = set()

    def issue(self, client_id: str, scopes: tuple[str, ...]) -> DeviceCode:
        """Return a new device code with its user code."""
        user_code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))
        until = self._clock.now() + self._settings.device_code_lifetime
        code = DeviceCode(
            secrets.token_urlsafe(32), user_code, client_id, scopes, until, self._settings.device_interval
        )
        with self._lock:
            self._codes[code.value] = code
            self._issued.add(code.value)
        return code

    def by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the device whose user code this is, if it still waits."""
        typed = user_code.strip().upper().replace(" ", "-")
        with self._lock:
            for code in self._codes.values():
                waits = code.person is None and not code.denied and self._clock.now() < code.expires_at
                if code.user_code in (typed, f"{typed[:4]}-{typed[4:]}") and waits:
                    return code
        return None

    def decide(self, code: DeviceCode, person: Person | None) -> None:
        """Let a person approve, or nobody."""
        with self._lock:
            code.person, code.denied = person, person is None

    def poll(self, value: str, client_id: str) -> tuple[str, DeviceCode | None]:
        """Return the OAuth error for a device that polls, or an empty string once it is approved."""
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
