"""Who holds which token: bots, people, and the integrations that people have approved."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from . import ids
from .clock import Clock
from .people import Person
from .settings import OAuthSettings


@dataclass
class Grant:
    """What a person allowed an integration: the refresh token and the access tokens made with it."""

    person: Person
    client_id: str
    scopes: tuple[str, ...]
    created: float
    refresh_token: str = field(repr=False)
    refresh_expires_at: float
    revoked: bool = False
    id: str = field(default_factory=lambda: ids.encode("AUTHORIZATION", ids.new_uuid()))


@dataclass
class AccessToken:
    """A bearer token; ``scopes`` and ``expires_at`` are None for those that have all and stay valid."""

    value: str = field(repr=False)
    person: Person
    scopes: tuple[str, ...] | None = None
    expires_at: float | None = None
    grant: Grant | None = None
    revoked: bool = False
    created: float = 0.0
    id: str = field(default_factory=lambda: ids.encode("AUTHORIZATION", ids.new_uuid()))


class Tokens:
    """The tokens that were given out, and whether they still hold."""

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.RLock()
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, Grant] = {}
        self._rotated: set[str] = set()  # refresh tokens that a refresh has replaced

    def keep(self, person: Person) -> None:
        """Let a person's or bot's own token in; it has every scope and does not expire."""
        with self._lock:
            self._access[person.token] = AccessToken(person.token, person, created=self._clock.now())

    def owner(self, value: str) -> Person | None:
        """Return whose token this is or was."""
        with self._lock:
            token = self._access.get(value)
            return token.person if token else None

    def valid(self, value: str) -> AccessToken | None:
        """Return the access token, if it is known, not expired and not revoked."""
        with self._lock:
            token = self._access.get(value)
            return token if token and self._holds(token) else None

    def _holds(self, token: AccessToken) -> bool:
        in_time = token.expires_at is None or self._clock.now() < token.expires_at
        return in_time and not token.revoked and not (token.grant and token.grant.revoked)

    # -- what the token endpoint does

    def grant(self, person: Person, client_id: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        """Return the answer with the first tokens of a person who approved an integration."""
        with self._lock:
            now = self._clock.now()
            until = now + self._settings.refresh_token_lifetime
            grant = Grant(person, client_id, scopes, now, secrets.token_urlsafe(48), until)
            self._refresh[grant.refresh_token] = grant
            return self._answer(self._new_access(grant))

    def refresh(self, value: str, client_id: str) -> dict[str, Any] | None:
        """Return the answer to a refresh; None if the refresh token does not hold (any more)."""
        with self._lock:
            grant, now = self._refresh.get(value), self._clock.now()
            if (
                grant is None
                or grant.revoked
                or grant.client_id != client_id
                or now >= grant.refresh_expires_at
            ):
                return None
            grant.refresh_expires_at = now + self._settings.refresh_token_lifetime
            if self._settings.rotate_refresh_token:
                del self._refresh[value]
                self._rotated.add(value)
                grant.refresh_token = secrets.token_urlsafe(48)
                self._refresh[grant.refresh_token] = grant
            answer = self._answer(self._again(grant) or self._new_access(grant))
            return {key: part for key, part in answer.items() if key not in self._settings.refresh_omits}

    def _again(self, grant: Grant) -> AccessToken | None:
        if not self._settings.refresh_returns_same_token:
            return None
        tokens = [token for token in self._access.values() if token.grant is grant and self._holds(token)]
        return tokens[-1] if tokens else None

    def _new_access(self, grant: Grant) -> AccessToken:
        now = self._clock.now()
        until = now + self._settings.access_token_lifetime
        token = AccessToken(secrets.token_urlsafe(48), grant.person, grant.scopes, until, grant, created=now)
        self._access[token.value] = token
        return token

    def _answer(self, token: AccessToken) -> dict[str, Any]:
        grant, now = token.grant, self._clock.now()
        if grant is None or token.expires_at is None:
            raise AssertionError("only an integration's tokens are answered with")
        return {
            "access_token": token.value,
            "expires_in": round(token.expires_at - now),
            "refresh_token": grant.refresh_token,
            "refresh_token_expires_in": round(grant.refresh_expires_at - now),
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }

    # -- revoking

    def revoke(self, value: str) -> bool:
        """End an access token, or a refresh token with all its access tokens; tell whether it was known."""
        with self._lock:
            held = self._access.get(value) or self._refresh.get(value)
            if held is not None:
                held.revoked = True
            return held is not None

    def authorizations(self, person: Person | None = None) -> list[Grant | AccessToken]:
        """Return what integrations hold, of one person or of all."""
        with self._lock:
            grants = [one for one in self._refresh.values() if not one.revoked]
            tokens = [one for one in self._access.values() if one.grant and self._holds(one)]
            held: list[Grant | AccessToken] = [*grants, *tokens]
            return [one for one in held if person in (None, one.person)]

    def secrets(self) -> set[str]:
        """Return every access and refresh token given out so far, whether or not it is still valid."""
        with self._lock:
            return {*self._access, *self._refresh, *self._rotated}
