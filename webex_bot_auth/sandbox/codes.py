"""Authorization codes: for one exchange each, and not for long."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field

from .clock import Clock
from .people import Person
from .settings import OAuthSettings


@dataclass(frozen=True)
class Code:
    """An authorization code and what it stands for; ``challenge`` is empty without PKCE."""

    value: str = field(repr=False)
    person: Person
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: float

    def proves(self, verifier: str) -> bool:
        """Tell whether a PKCE verifier fits; without a challenge there must be none."""
        if not self.challenge or not verifier:
            return self.challenge == verifier
        return hmac.compare_digest(s256(verifier), self.challenge)


class Codes:
    """The codes given out and not used yet."""

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._issued: set[str] = set()

    def issue(
        self, person: Person, client_id: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str
    ) -> str:
        """Return a new code."""
        value = secrets.token_urlsafe(32)
        until = self._clock.now() + self._settings.code_lifetime
        with self._lock:
            self._codes[value] = Code(value, person, client_id, redirect_uri, scopes, challenge, until)
            self._issued.add(value)
        return value

    def take(self, value: str) -> Code | None:
        """Return a code, and forget it; None if it is unknown, used or expired."""
        with self._lock:
            code = self._codes.pop(value, None)
        return code if code and self._clock.now() < code.expires_at else None

    def secrets(self) -> set[str]:
        """Return every code issued so far, whether or not it is still valid."""
        with self._lock:
            return set(self._issued)


def s256(verifier: str) -> str:
    """Return the PKCE challenge of a verifier, by the method S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
