"""Login without a redirect address: the device authorization grant.

Sources: RFC 8628, https://developer.webex.com/docs/login-with-webex (device grant)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from requests.auth import HTTPBasicAuth
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from ..errors import ClientRefused, GrantRefused, NotYetApproved, TokenServiceUnavailable
from ..ground.scopes import as_list
from .connections import Connections
from .oauth import is_safe
from .token_endpoint import failure, json_object, parse_tokens, post_form

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
#: seconds between two polls where Webex names none (RFC 8628 section 3.2)
DEFAULT_INTERVAL = 5.0
MIN_INTERVAL = 1.0
#: no code is valid for longer, whatever an answer says; seconds
MAX_SECONDS = 24 * 60 * 60.0


@dataclass(frozen=True)
class DeviceCode:
    """The codes of one login: what the person needs, and what to poll with.

    Attributes:
        device_code: what to poll with; a secret
        user_code: what the person compares or enters
        page: where
        expires_in: seconds until both codes expire
        interval: seconds to wait between two polls
    """

    device_code: str = field(repr=False)
    user_code: str
    page: str
    expires_in: float
    interval: float


class DeviceGrant:
    """The device endpoints, in the same folder as the integration's token endpoint.

    Args:
        integration: has to list Webex's oauth-helper redirect URIs, see the page named above
        connections: what its calls are sent on
    """

    def __init__(self, integration: Integration, connections: Connections) -> None:
        self._integration = integration
        self._connections = connections
        self._base = integration.token_service.rpartition("/")[0]

    def start(self, scopes: Iterable[str]) -> DeviceCode:
        """Ask for a pair of codes (RFC 8628 section 3.1).

        Raises:
            TokenServiceError: one of its kinds
        """
        form = {"client_id": self._integration.client_id, "scope": " ".join(scopes)}
        response = post_form(f"{self._base}/device/authorize", form, self._connections)
        if (status := response.status_code) != 200:
            error = failure(response)
            if isinstance(error, (GrantRefused, ClientRefused)):  # no grant could be bad yet: the request is
                asked = f" for {form['scope']}" if error.error == "invalid_scope" else ""
                raise ClientRefused(status=status, error=f"{error.error}{asked}" if error.error else None)
            raise error
        answer = json_object(response.content)
        try:
            return DeviceCode(
                device_code=str(answer["device_code"]),
                user_code=str(answer["user_code"]),
                page=_page(answer.get("verification_uri_complete") or answer["verification_uri"]),
                expires_in=_seconds(answer["expires_in"]),
                interval=max(MIN_INTERVAL, _seconds(answer.get("interval", DEFAULT_INTERVAL))),
            )
        except (KeyError, TypeError, ValueError):
            raise TokenServiceUnavailable(status=status, error="malformed answer") from None

    def poll(self, device_code: str) -> Tokens:
        """Ask whether the person has decided (RFC 8628 section 3.4).

        Raises:
            NotYetApproved: no
            GrantRefused: the person refused (``error`` is ``access_denied``), or the code has expired
            TokenServiceError: the other kinds
        """
        client_id, secret = self._integration.client_id, self._integration.client_secret
        form = {"grant_type": GRANT_TYPE, "device_code": device_code, "client_id": client_id}
        client = HTTPBasicAuth(client_id.encode(), secret.encode())
        response = post_form(f"{self._base}/device/token", form, self._connections, client=client)
        if (status := response.status_code) == 200:
            return parse_tokens(response.content, as_list(self._integration.scopes))
        error = failure(response)
        if status == 428 or error.error in ("authorization_pending", "slow_down"):
            raise NotYetApproved(status=status, error=error.error)
        if error.error in ("access_denied", "expired_token"):
            raise GrantRefused(status=status, error=error.error)
        raise error


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 < seconds <= MAX_SECONDS:  # false for NaN as well
        raise ValueError("no time to wait")
    return seconds


def _page(value: Any) -> str:
    """An address that people are sent to: nobody on the way may put another page in its place."""
    if not is_safe(str(value)):
        raise ValueError("no safe address")
    return str(value)
