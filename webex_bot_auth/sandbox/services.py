"""The parts of a sandbox, and how the HTTP endpoints reach them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from flask import request

from .bot_reports.handlings import Handlings
from .content.masking import masked
from .encryption.key_service import KeyService
from .http.calls import Calls
from .http.faults import Faults
from .http.origins import Origins
from .model.clock import Clock
from .model.cloud import Cloud
from .notifications.delivery import Deliveries, WebhookSettings
from .notifications.event_log import EventLog
from .notifications.webhooks import Webhooks
from .oauth.authorization_codes import AuthorizationCodes
from .oauth.device_codes import DeviceCodes
from .oauth.integrations import Integrations
from .oauth.settings import OAuthSettings
from .oauth.tokens import Tokens
from .rest.custom_answers import Answers
from .websocket.certificate import create_certificate
from .websocket.devices import Devices
from .websocket.mercury import Mercury

KEY = "webex_sandbox.services"  # where the environment of a request has them
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


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
        handlings: What bots are doing with messages.
        webhooks: All webhooks.
        deliveries: What is delivered to them.
        event_log: The list of events.
        answers: What the sandbox answers where it has nothing of its own.
        key_service: The key service.
        origins: Which web pages may use the sandbox.
        environment: What ``--env`` prints; empty if the sandbox is part of another program.
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
    handlings: Handlings
    webhooks: Webhooks
    deliveries: Deliveries
    event_log: EventLog
    answers: Answers
    key_service: KeyService
    origins: Origins
    environment: dict[str, str] = field(default_factory=dict)
    certificate: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def masked(self, text: str) -> str:
        """Return a text without the secrets of this sandbox, and without what looks like one."""
        return masked(text, self.secrets())

    def secrets(self) -> set[str]:
        """Return every token, code and client secret that this sandbox has given out so far."""
        return {
            *self.tokens.secrets(),
            *self.authorization_codes.secrets(),
            *self.device_codes.secrets(),
            *self.integrations.secrets(),
        }


def create_services(
    settings: OAuthSettings,
    faults: Faults,
    calls: Calls,
    delivery: WebhookSettings,
    origins: Origins,
    *,
    tls: bool,
) -> Services:
    """Return the parts of a new sandbox; none of them runs yet."""
    ssl_context, certificate = create_certificate() if tls else (None, "")
    clock = Clock()
    cloud, tokens, devices = Cloud(clock), Tokens(clock, settings), Devices()
    mercury = Mercury(cloud, tokens, devices, faults, origins, ssl_context)
    calls.listeners.append(lambda _: cloud.feed.touch("calls"))
    mercury.listeners.append(lambda _: cloud.feed.touch("events"))
    faults.listeners.append(lambda: cloud.feed.touch("faults"))
    webhooks, event_log = Webhooks(), EventLog(clock)
    deliveries = Deliveries(clock, webhooks, delivery)
    cloud.listeners += [event_log.add, deliveries.add]
    return Services(
        cloud=cloud,
        tokens=tokens,
        authorization_codes=AuthorizationCodes(clock, settings),
        device_codes=DeviceCodes(clock, settings),
        integrations=Integrations(),
        settings=settings,
        devices=devices,
        mercury=mercury,
        faults=faults,
        calls=calls,
        handlings=Handlings(cloud, tokens.owner),
        webhooks=webhooks,
        deliveries=deliveries,
        event_log=event_log,
        answers=Answers(),
        key_service=KeyService(clock),
        origins=origins,
        certificate=certificate,
    )


def serve(app: App, services: Services) -> App:
    """Return a WSGI application that answers with the parts of a sandbox."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return app({**environ, KEY: services}, start_response)

    return answer


def tracking_id() -> str:
    """Return the ID of the current request."""
    return request.headers.get("TrackingID", "")


def services() -> Services:
    """Return the parts of the sandbox that answers the current request."""
    return cast(Services, request.environ[KEY])
