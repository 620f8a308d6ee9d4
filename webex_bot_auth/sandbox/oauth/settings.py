"""How the sandbox's OAuth behaves where Webex leaves it open or has changed its answers over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class OAuthSettings:
    """How the sandbox's OAuth behaves; may be changed while the sandbox runs.

    Attributes:
        access_token_lifetime: Lifetime of a new access token, in seconds.
        refresh_token_lifetime: Lifetime of a refresh token, in seconds; each refresh starts it again.
        code_lifetime: Lifetime of an authorization code, in seconds.
        device_code_lifetime: Lifetime of a device code and its user code, in seconds.
        device_interval: Minimum time between two polls of a device, in seconds.
        rotate_refresh_token: True if a refresh gives a new refresh token and ends the old one.
        refresh_omits: Fields that the answer to a refresh lacks, for example ``refresh_token``.
        refresh_returns_same_token: True if a refresh returns the current access token while it is valid.
        withholds: Scopes that no login is granted, whoever asks for them.
        checks_before_login: True if the authorization endpoint says at once that a redirect URI or a scope is
            not registered; False if it first asks everybody to sign in.
        error_shape: Format of OAuth errors: ``webex`` has ``message``, ``errors`` and ``trackingId``,
            ``rfc6749`` has ``error`` and ``error_description``.
    """

    access_token_lifetime: int = 14 * 24 * 3600
    refresh_token_lifetime: int = 90 * 24 * 3600
    code_lifetime: int = 600
    device_code_lifetime: int = 300
    device_interval: int = 2
    rotate_refresh_token: bool = False
    refresh_omits: tuple[str, ...] = ()
    refresh_returns_same_token: bool = False
    withholds: tuple[str, ...] = ()
    checks_before_login: bool = True
    error_shape: Literal["webex", "rfc6749"] = "webex"
