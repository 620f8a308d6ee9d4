"""How this cloud's OAuth behaves: what Webex leaves open, or answers one way here and another there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class OAuthSettings:
    """Lifetimes are in seconds. May be changed while the sandbox runs.

    Attributes:
        access_token_lifetime: of a new access token.
        refresh_token_lifetime: of a refresh token, counted anew at each refresh.
        code_lifetime: of an authorization code.
        device_code_lifetime: of a device code and its user code.
        device_interval: how long a device has to wait between two polls.
        rotate_refresh_token: whether a refresh gives a new refresh token and ends the old one.
        refresh_omits: fields that the answer to a refresh lacks, such as ``refresh_token`` and ``scope``.
        refresh_returns_same_token: whether a refresh gives the old access token again, while it holds.
        error_shape: ``webex`` (message, errors, trackingId) or ``rfc6749`` (error, error_description).
    """

    access_token_lifetime: int = 14 * 24 * 3600
    refresh_token_lifetime: int = 90 * 24 * 3600
    code_lifetime: int = 600
    device_code_lifetime: int = 300
    device_interval: int = 2
    rotate_refresh_token: bool = False
    refresh_omits: tuple[str, ...] = ()
    refresh_returns_same_token: bool = False
    error_shape: Literal["webex", "rfc6749"] = "webex"
