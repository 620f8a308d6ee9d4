"""The websocket server that sends events to clients; Webex calls this service Mercury."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ..http.faults import Faults
from ..http.origins import Origins
from ..model.activities import Activity
from ..model.cloud import Cloud
from ..model.people import Person
from ..oauth.tokens import Tokens
from .devices import Device, DeviceEvent, Devices
from .events import envelope, is_acknowledged, websocket_event

PATH = "/mercury/"
AUTHORIZATION_TIMEOUT = 10  # seconds until a client has to have sent its token


class Mercury:
    """The websocket server, which runs in a thread with an event loop of its own.

    Events are sent at once, whether or not earlier ones were acknowledged.

    Args:
        cloud: People, spaces and messages; its activities are sent.
        tokens: The tokens that clients authorize with.
        devices: The devices that receive events.
        faults: The faults that are switched on.
        origins: Which web pages may connect.
        ssl_context: The TLS context; None to do without TLS.

    Attributes:
        connection_counts: How often clients have connected and authorized, by the UUID of person or bot.
        rest_url: Base URL of the REST API; has to be set before the first event.
        port: The port, once it is started.
        listeners: Called with a device when it has a new event, has been sent one or has acknowledged one.
    """

    def __init__(
        self,
        cloud: Cloud,
        tokens: Tokens,
        devices: Devices,
        faults: Faults,
        origins: Origins,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._cloud, self._tokens, self._devices, self._faults = cloud, tokens, devices, faults
        self._origins = origins
        self._ssl = ssl_context
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="sandbox-mercury", daemon=True)
        self._server: Server | None = None
        # for each device, the outboxes of its connections; used in the loop only
        self._outboxes: dict[str, list[asyncio.Queue[DeviceEvent]]] = {}
        self._online: dict[ServerConnection, Person] = {}
        self.connection_counts: Counter[str] = Counter()
        self.rest_url = ""
        self.port = 0
        self.listeners: list[Callable[[Device], None]] = []

    # -- lifecycle

    def start(self) -> None:
        """Start to listen on a free port."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self._cloud.listeners.append(self._on_activity)

    def close(self) -> None:
        """Stop, and close all connections."""
        if self._thread.ident is None:  # never started
            return
        self._cloud.listeners.remove(self._on_activity)
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._server = await serve(
            self._connected,
            "127.0.0.1",
            0,
            ssl=self._ssl,
            process_request=self._handshake,
            close_timeout=1,
            compression=None,  # events are small and stay on this machine
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def url(self, device: Device) -> str:
        """Return the websocket address of a device."""
        return f"{'wss' if self._ssl else 'ws'}://127.0.0.1:{self.port}{PATH}{device.uuid}"

    def is_online(self, person: Person) -> bool:
        """Return True if a person or bot has a client that is connected and authorized."""
        with self._cloud.changed:
            return person in self._online.values()

    def disconnect(self, person: Person) -> None:
        """Break the connections of a person or bot without a closing handshake, as a network failure does."""

        def abort() -> None:
            for connection, owner in list(self._online.items()):
                if owner == person:
                    connection.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    # -- events

    def _on_activity(self, activity: Activity) -> None:
        if not activity.verb:
            return
        now, is_awaited = self._cloud.clock.now_utc(), is_acknowledged(activity)
        for person in activity.audience:
            for device in self._devices.of(person):
                event = DeviceEvent(websocket_event(activity, self.rest_url, now), activity.id, is_awaited)
                self._loop.call_soon_threadsafe(self._add, device, event)

    def send(self, device: Device, data: dict[str, Any]) -> None:
        """Send an event that is about no activity."""
        event = DeviceEvent(envelope(data, self._cloud.clock.now_utc()), "", is_awaited=False)
        self._loop.call_soon_threadsafe(self._add, device, event)

    def _add(self, device: Device, event: DeviceEvent) -> None:
        device.events.append(event)
        self._tell(device)
        self._dispatch(device, event)

    def _dispatch(self, device: Device, event: DeviceEvent) -> None:
        for outbox in self._outboxes.get(device.uuid, ()):
            outbox.put_nowait(event)

    def deliver_again(self, device: Device, event: DeviceEvent) -> None:
        """Send an event once more, as Webex does with those that were not acknowledged."""
        event.acknowledged = False
        self._loop.call_soon_threadsafe(self._dispatch, device, event)

    def _tell(self, device: Device) -> None:
        for listener in self.listeners:
            listener(device)

    # -- connections

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        refusal = self._faults.find_for_websocket("refuse")
        if refusal:
            return connection.respond(HTTPStatus(refusal.status), "refused by a fault\n")
        if not self._origins.accept(request.headers.get("Host", ""), request.headers.get("Origin")):
            return connection.respond(HTTPStatus.FORBIDDEN, "not from this host or origin\n")
        if self._device(request) is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such device\n")
        return None

    def _device(self, request: Request | None) -> Device | None:
        path = request.path.partition("?")[0] if request else ""
        return self._devices.find(path[len(PATH) :]) if path.startswith(PATH) else None

    async def _connected(self, connection: ServerConnection) -> None:
        device = self._device(connection.request)
        with suppress(ConnectionClosed, TimeoutError, asyncio.TimeoutError):
            if device is None or not await self._is_authorized(connection, device):
                await connection.close(4401, "not authorized")
            else:
                await self._serve(connection, device)
        await connection.close()
        connection.transport.close()  # Python 3.10 warns of a TLS transport that its peer has closed

    async def _is_authorized(self, connection: ServerConnection, device: Device) -> bool:
        message = _parse(await asyncio.wait_for(connection.recv(), AUTHORIZATION_TIMEOUT))
        data = message.get("data") if message.get("type") == "authorization" else None
        bearer = str(data.get("token", "")) if isinstance(data, dict) else ""
        token = self._tokens.valid(bearer.removeprefix("Bearer "))
        return token is not None and token.person == device.person

    async def _serve(self, connection: ServerConnection, device: Device) -> None:
        outbox: asyncio.Queue[DeviceEvent] = asyncio.Queue()
        outboxes = self._outboxes.setdefault(device.uuid, [])
        if not outboxes:  # otherwise another connection of the device has them
            for event in device.pending:
                outbox.put_nowait(event)
        outboxes.append(outbox)
        sender = asyncio.ensure_future(self._send(connection, device, outbox))
        # the JavaScript SDK waits for this as the first message, and other clients ignore it
        status = {"eventType": "mercury.registration_status", "localClusterServiceUrls": {}}
        await connection.send(json.dumps(envelope(status, self._cloud.clock.now_utc())))
        self._set_online(connection, device.person)
        try:
            async for text in connection:
                await self._receive(connection, device, _parse(text))
        finally:
            sender.cancel()
            outboxes.remove(outbox)
            self._set_online(connection, None)

    def _set_online(self, connection: ServerConnection, person: Person | None) -> None:
        with self._cloud.changed:
            if person is None:
                self._online.pop(connection, None)
            else:
                self._online[connection] = person
                self.connection_counts[person.uuid] += 1
            self._cloud.notify()

    async def _receive(self, connection: ServerConnection, device: Device, message: dict[str, Any]) -> None:
        if message.get("type") == "ack":
            device.acknowledge(str(message.get("messageId")))
            self._tell(device)
        elif message.get("type") == "ping":
            await connection.send(json.dumps({"id": message.get("id"), "type": "pong"}))

    async def _send(
        self, connection: ServerConnection, device: Device, outbox: asyncio.Queue[DeviceEvent]
    ) -> None:
        with suppress(ConnectionClosed):
            while True:
                event = await outbox.get()
                if self._faults.find_for_websocket("drop"):
                    connection.transport.abort()
                    return
                for _ in range(2 if self._faults.find_for_websocket("duplicate") else 1):
                    await connection.send(json.dumps(event.event))
                    event.sent += 1
                event.acknowledged = event.acknowledged or not event.is_awaited
                self._tell(device)


def _parse(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
