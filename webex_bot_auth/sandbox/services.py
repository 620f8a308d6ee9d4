"""The parts of a sandbox, and how the HTTP endpoints reach them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, current_app

from .http.calls import Calls
from .http.faults import Faults
from .model.clock import Clock
from .model.cloud import Cloud
from .oauth.authorization_codes import AuthorizationCodes
from .oauth.device_codes import DeviceCodes
from .oauth.integrations import Integrations
from .oauth.settings import OAuthSettings
from .oauth.tokens import Tokens
from .websocket.certificate import create_certificate
from .websocket.devices import Devices
from .websocket.mercury import Mercury

KEY = "webex_sandbox"


@dataclass(frozen=True)
class Services:
    """The parts of one sandbox.

    Attributes:
        cloud: People, spaces and messages.
        tokens: Access and refresh tokens.
        authorization_codes: Authorization codes.
        device_codes: Device codes.
        integrations: Registered integrations.
        settings: How OAuth behaves.
        devices: The devices that receive events.
        mercury: The websocket server.
        faults: The faults that are switched on.
        calls: The calls that clients have made.
        certificate: The websocket's certificate in PEM format; empty without TLS.
        closing: Set once the sandbox closes.
    """

    cloud: Cloud
    tokens: Tokens
    authorization_codes: AuthorizationCodes
    device_codes: DeviceCodes
    integrations: Integrations
    settings: OAuthSettings
    devices: Devices
    mercury: Mercury
    faults: Faults
    calls: Calls
    certificate: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def secrets(self) -> set[str]:
        """Return every token, code and client secret that this sandbox has given out so far."""
        return {
            *self.tokens.secrets(),
            *self.authorization_codes.secrets(),
            *self.device_codes.secrets(),
            *self.integrations.secrets(),
        }


def create_services(settings: OAuthSettings, faults: Faults, calls: Calls, *, tls: bool) -> Services:
    """Return the parts of a new sandbox; none of them runs yet."""
    ssl_context, certificate = create_certificate() if tls else (None, "")
    clock = Clock()
    cloud, tokens, devices = Cloud(clock), Tokens(clock, settings), Devices()
    return Services(
        cloud=cloud,
        tokens=tokens,
        authorization_codes=AuthorizationCodes(clock, settings),
        device_codes=DeviceCodes(clock, settings),
        integrations=Integrations(),
        settings=settings,
        devices=devices,
        mercury=Mercury(cloud, tokens, devices, faults, ssl_context),
        faults=faults,
        calls=calls,
        certificate=certificate,
    )


def install(app: Flask, services: Services) -> None:
    """Attach the parts of a sandbox to its Flask app."""
    app.extensions[KEY] = services


def services() -> Services:
    """Return the parts of the sandbox that answers the current request."""
    return cast(Services, current_app.extensions[KEY])
