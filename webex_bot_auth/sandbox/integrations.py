"""The integrations registered here: their ids, secrets, redirect URLs and scopes."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Registration:
    """An integration, as registered."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_urls: tuple[str, ...]
    scopes: tuple[str, ...]


class Integrations:
    """All integrations registered in this cloud."""

    def __init__(self) -> None:
        self._registered: dict[str, Registration] = {}

    def register(self, name: str, redirect_urls: tuple[str, ...], scopes: tuple[str, ...]) -> Registration:
        """Register an integration with a new id and secret."""
        client_id = "C" + secrets.token_hex(32)
        registration = Registration(client_id, secrets.token_hex(32), name, redirect_urls, scopes)
        self._registered[client_id] = registration
        return registration

    def find(self, client_id: str) -> Registration | None:
        """Return the integration with this client id."""
        return self._registered.get(client_id)

    def authenticate(self, client_id: str, client_secret: str) -> Registration | None:
        """Return the integration with this client id, if the secret is its own."""
        found = self.find(client_id)
        if found is None or not hmac.compare_digest(found.client_secret.encode(), client_secret.encode()):
            return None
        return found

    def secrets(self) -> set[str]:
        """Return all client secrets."""
        return {one.client_secret for one in self._registered.values()}
