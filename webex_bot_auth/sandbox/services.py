"""What the HTTP endpoints work with, and how they get hold of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, current_app

from .calls import Calls
from .certificate import throw_away
from .clock import Clock
from .cloud import Cloud
from .codes import Codes
from .device_codes import DeviceCodes
from .devices import Devices
from .faults import Faults
from .integrations import Integrations
from .mercury import Mercury
from .settings import OAuthSettings
from .tokens import Tokens

KEY = "webex_sandbox"


@dataclass(frozen=True)
class Services:
    """The parts of one running sandbox."""

    cloud: Cloud
    tokens: Tokens
    codes: Codes
    device_codes: DeviceCodes
    integrations: Integrations
    settings: OAuthSettings
    devices: Devices
    mercury: Mercury
    faults: Faults
    calls: Calls
    certificate: str = ""  # PEM, of the websocket; empty without TLS
    closing: threading.Event = field(default_factory=threading.Event)

    def secrets(self) -> set[str]:
        """Return every token, code and client secret that this sandbox has given out so far."""
        return {
            *self.tokens.secrets(),
            *self.codes.secrets(),
            *self.device_codes.secrets(),
            *self.integrations.secrets(),
        }


def assemble(settings: OAuthSettings, faults: Faults, calls: Calls, *, tls: bool) -> Services:
    """Return the parts of a new sandbox, nothing of which runs yet."""
    ssl_context, certificate = throw_away() if tls else (None, "")
    clock = Clock()
    cloud, tokens, devices = Cloud(clock), Tokens(clock, settings), Devices()
    return Services(
        cloud=cloud,
        tokens=tokens,
        codes=Codes(clock, settings),
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
    """Give an app its services."""
    app.extensions[KEY] = services


def services() -> Services:
    """Return the services of the app that answers the current request."""
    return cast(Services, current_app.extensions[KEY])
