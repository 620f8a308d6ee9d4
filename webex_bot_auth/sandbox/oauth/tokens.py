"""All access and refresh tokens: of bots, of people, and of the integrations that people have approved."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from ..model import ids
from ..model.clock import Clock
from ..model.people import Person
from .settings import OAuthSettings


@dataclass
class Grant:
    """What a person allowed an integration: a refresh token and the access tokens made with it.

    Attributes:
        person: Who approved.
        client_id: The integration's client ID.
        scopes: What it may do.
        created: When the person approved, in seconds since 1970.
        refresh_token: The current refresh token.
        expires_at: When it expires, in seconds since 1970.
        revoked: True once it has been revoked, with all its access tokens.
        id: The ID in the REST API for authorizations.
    """

    person: Person
    client_id: str
    scopes: tuple[str, ...]
    created: float
    refresh_token: str = field(repr=False)
    expires_at: float
    revoked: bool = False
    id: str = field(default_factory=lambda: ids.encode("AUTHORIZATION", ids.new_uuid()))


@dataclass
class AccessToken:
    """An access token, of an integration or the own one of a person or bot.

    Attributes:
        value: The token.
        person: On whose behalf it acts.
        scopes: What it allows; None for every scope.
        expires_at: When it expires, in seconds since 1970; None for never.
        grant: The grant that it was made with; None for the own token of a person or bot.
        revoked: True once it has been revoked.
        created: When it was made, in seconds since 1970.
        id: The ID in the REST API for authorizations.
    """

    value: str = field(repr=False)
    person: Person
    scopes: tuple[str, ...] | None = None
    expires_at: float | None = None
    grant: Grant | None = None
    revoked: bool = False
    created: float = 0.0
    id: str = field(default_factory=lambda: ids.encode("AUTHORIZATION", ids.new_uuid()))


class Tokens:
    """The tokens that were given out, and whether they are still valid.

    Args:
        clock: The sandbox's clock.
        settings: Lifetimes, and what a refresh returns.
    """

    def __init__(self, clock: Clock, settings: OAuthSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.RLock()
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, Grant] = {}
        self._rotated: set[str] = set()  # tokens that a refresh has replaced, or that were forgotten

    def add_own_token(self, person: Person) -> None:
        """Add the own token of a person or bot; it has every scope and does not expire."""
        with self._lock:
            self._access[person.token] = AccessToken(person.token, person, created=self._clock.now())

    def owner(self, value: str) -> Person | None:
        """Return the person or bot that an access token was given to; None if it is unknown."""
        with self._lock:
            token = self._access.get(value)
            return token.person if token else None

    def valid(self, value: str) -> AccessToken | None:
        """Return the access token; None if it is unknown, expired or revoked."""
        with self._lock:
            token = self._access.get(value)
            return token if token and self._is_valid(token) else None

    def _is_valid(self, token: AccessToken) -> bool:
        in_time = token.expires_at is None or self._clock.now() < token.expires_at
        return in_time and not token.revoked and not (token.grant and token.grant.revoked)

    # -- for the token endpoint

    def grant(self, person: Person, client_id: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        """Return the token endpoint's answer with the first tokens for a person who has approved."""
        with self._lock:
            now = self._clock.now()
            expires_at = now + self._settings.refresh_token_lifetime
            scopes = tuple(scope for scope in scopes if scope not in self._settings.withholds)
            grant = Grant(person, client_id, scopes, now, ids.new_token(), expires_at)
            self._refresh[grant.refresh_token] = grant
            return self._answer(self._new_access_token(grant))

    def refresh(self, value: str, client_id: str) -> dict[str, Any] | None:
        """Return the token endpoint's answer to a refresh.

        Args:
            value: The refresh token.
            client_id: The integration that uses it.

        Returns:
            The fields of the answer; None if the refresh token is not, or no longer, valid.
        """
        with self._lock:
            grant, now = self._refresh.get(value), self._clock.now()
            if grant is None or grant.revoked or grant.client_id != client_id or now >= grant.expires_at:
                return None
            grant.expires_at = now + self._settings.refresh_token_lifetime
            if self._settings.rotate_refresh_token:
                del self._refresh[value]
                self._rotated.add(value)
                grant.refresh_token = ids.new_token()
                self._refresh[grant.refresh_token] = grant
            answer = self._answer(self._reused_access_token(grant) or self._new_access_token(grant))
            return {key: part for key, part in answer.items() if key not in self._settings.refresh_omits}

    def _reused_access_token(self, grant: Grant) -> AccessToken | None:
        if not self._settings.refresh_returns_same_token:
            return None
        tokens = [token for token in self._access.values() if token.grant is grant and self._is_valid(token)]
        return tokens[-1] if tokens else None

    def _new_access_token(self, grant: Grant) -> AccessToken:
        now = self._clock.now()
        expires_at = now + self._settings.access_token_lifetime
        value = ids.new_token()
        token = AccessToken(value, grant.person, grant.scopes, expires_at, grant, created=now)
        self._access[value] = token
        return token

    def _answer(self, token: AccessToken) -> dict[str, Any]:
        grant, now = token.grant, self._clock.now()
        if grant is None or token.expires_at is None:
            raise AssertionError("the token endpoint returns only tokens of integrations")
        return {
            "access_token": token.value,
            "expires_in": round(token.expires_at - now),
            "refresh_token": grant.refresh_token,
            "refresh_token_expires_in": round(grant.expires_at - now),
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }

    # -- revoking and inspecting

    def revoke(self, value: str) -> bool:
        """Revoke an access token, or a refresh token with all its access tokens.

        Returns:
            False if the token is unknown.
        """
        with self._lock:
            held = self._access.get(value) or self._refresh.get(value)
            if held is not None:
                held.revoked = True
            return held is not None

    def revoke_all(self, person: Person) -> None:
        """Revoke every token of a person, the own one included."""
        with self._lock:
            held: list[Grant | AccessToken] = [*self._access.values(), *self._refresh.values()]
            for one in held:
                one.revoked = one.revoked or one.person is person

    def authorizations(self, person: Person | None = None) -> list[Grant | AccessToken]:
        """Return the valid tokens that integrations hold, for one person or for all."""
        with self._lock:
            grants = [one for one in self._refresh.values() if not one.revoked]
            tokens = [one for one in self._access.values() if one.grant and self._is_valid(one)]
            held: list[Grant | AccessToken] = [*grants, *tokens]
            return [one for one in held if person in (None, one.person)]

    def grants(self) -> list[Grant]:
        """Return what people have granted to integrations, also what is no longer valid, oldest first."""
        with self._lock:
            return list({id(one): one for one in self._refresh.values()}.values())

    def access_tokens(self, grant: Grant) -> list[AccessToken]:
        """Return the access tokens of a grant, also those that are no longer valid, oldest first."""
        with self._lock:
            return [one for one in self._access.values() if one.grant is grant]

    def authorization(self, key: str) -> Grant | AccessToken | None:
        """Return the grant or the access token of an integration with this ID; None if there is none."""
        with self._lock:
            held: list[Grant | AccessToken] = [
                *self.grants(),
                *(one for one in self._access.values() if one.grant),
            ]
            return next((one for one in held if one.id == key), None)

    def clear_grants(self) -> None:
        """Forget all that integrations hold; own tokens of people and bots stay."""
        with self._lock:
            forgotten = {value for value, one in self._access.items() if one.grant} | {*self._refresh}
            self._rotated |= forgotten  # they are still secret
            self._access = {value: one for value, one in self._access.items() if one.grant is None}
            self._refresh.clear()

    def secrets(self) -> set[str]:
        """Return every access and refresh token given out so far, whether or not it is still valid."""
        with self._lock:
            return {*self._access, *self._refresh, *self._rotated}
