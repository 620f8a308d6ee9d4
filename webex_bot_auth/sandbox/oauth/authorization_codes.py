"""Authorization codes: short-lived, each for one exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field

from ..model.clock import Clock
from ..model.people import Person
from .settings import OAuthSettings


@dataclass(frozen=True)
class AuthorizationCode:
    """An authorization code and what was approved with it.

    Attributes:
        value: The code.
        person: Who approved.
        client_id: The integration's client ID.
        redirect_uri: The redirect URI that the exchange has to repeat.
        scopes: What the integration may do.
        challenge: The PKCE challenge; empty without PKCE.
        expires_at: When it expires, in seconds since 1970.
    """

    value: str = field(repr=False)
    person: Person
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: float

    def matches(self, verifier: str) -> bool:
        """Return True if a PKCE verifier matches the challenge, or both are empty."""
        if not self.challenge or not verifier:
            return self.challenge == verifier
        return hmac.compare_digest(s256(verifier), self.challenge)


class AuthorizationCodes:
    """The authorization codes that were issued and not used yet.

    Args:
        clock: The sandbox's clock.
        settings: The lifetime of codes.
    """

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._codes: dict[str, AuthorizationCode] = {}
        self._issued: set[str] = set()

    def issue(
        self, person: Person, client_id: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str
    ) -> str:
        """Return a new code; the arguments are those of ``AuthorizationCode``."""
        value = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + self._settings.code_lifetime
        code = AuthorizationCode(value, person, client_id, redirect_uri, scopes, challenge, expires_at)
        with self._lock:
            self._codes[value] = code
            self._issued.add(value)
        return value

    def take(self, value: str) -> AuthorizationCode | None:
        """Remove a code and return it; None if it is unknown, used or expired."""
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
