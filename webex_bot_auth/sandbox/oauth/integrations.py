"""The integrations that are registered in the sandbox."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from wxc_sdk.integration import Integration


@dataclass(frozen=True)
class Registration:
    """A registered integration.

    Attributes:
        client_id: Its client ID.
        client_secret: Its client secret.
        name: Its name on the consent page.
        redirect_urls: The redirect URIs that are registered for it; it uses the first.
        scopes: The scopes that it may ask for.
    """

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_urls: tuple[str, ...]
    scopes: tuple[str, ...]

    def for_wxc_sdk(self, base_url: str) -> Integration:
        """Return the integration in wxc_sdk's form, for the sandbox at ``base_url``."""
        return Integration(
            client_id=self.client_id,
            client_secret=self.client_secret,
            scopes=list(self.scopes),
            redirect_url=self.redirect_urls[0],
            auth_service=f"{base_url}/v1/authorize",
            token_service=f"{base_url}/v1/access_token",
        )


class Integrations:
    """All registered integrations."""

    def __init__(self) -> None:
        self._registered: dict[str, Registration] = {}

    def register(
        self,
        name: str,
        redirect_urls: tuple[str, ...],
        scopes: tuple[str, ...],
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> Registration:
        """Register an integration, with a new client ID and secret where none are given."""
        client_id = client_id or "C" + secrets.token_hex(32)
        secret = client_secret or secrets.token_hex(32)
        self._registered[client_id] = registration = Registration(
            client_id, secret, name, redirect_urls, scopes
        )
        return registration

    def remove(self, client_id: str) -> None:
        """Remove an integration."""
        self._registered.pop(client_id, None)

    def find(self, client_id: str) -> Registration | None:
        """Return the integration with this client ID; None if there is none."""
        return self._registered.get(client_id)

    def authenticate(self, client_id: str, client_secret: str) -> Registration | None:
        """Return the integration with this client ID and secret; None if there is none."""
        found = self.find(client_id)
        if found is None or not hmac.compare_digest(found.client_secret.encode(), client_secret.encode()):
            return None
        return found

    def secrets(self) -> set[str]:
        """Return all client secrets."""
        return {one.client_secret for one in self._registered.values()}
