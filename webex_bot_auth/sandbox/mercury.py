"""The websocket over which clients hear of events, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .activities import Activity, envelope
from .cloud import Cloud
from .devices import Device, Devices, Due
from .faults import Faults
from .people import Person
from .tokens import Tokens

PATH = "/mercury/"
AUTHORIZATION_TIMEOUT = 10  # seconds in which a client has to say who it is


class Mercury:
    """The websocket server. Events go out at once, whether or not earlier ones were acknowledged."""

    def __init__(
        self,
        cloud: Cloud,
        tokens: Tokens,
        devices: Devices,
        faults: Faults,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._cloud, self._tokens, self._devices, self._faults = cloud, tokens, devices, faults
        self._ssl = ssl_context
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="sandbox-mercury", daemon=True)
        self._server: Server | None = None
        self._outboxes: dict[str, list[asyncio.Queue[Due]]] = {}  # device to its connections; loop only
        self._online: dict[ServerConnection, Person] = {}
        self.logins: Counter[str] = Counter()  # how often somebody's client was let in, by uuid
        self.rest_url = ""
        self.port = 0

    # -- lifecycle

    def start(self) -> None:
        """Start to listen on a free port; ``rest_url`` has to be set before the first event."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self._cloud.listeners.append(self._hear)

    def close(self) -> None:
        """Break all connections and stop."""
        if self._thread.ident is None:  # it was never started
            return
        self._cloud.listeners.remove(self._hear)
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
            compression=None,  # events are small and travel over loopback
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
        """Tell whether somebody has a client that is connected and let in."""
        with self._cloud.changed:
            return person in self._online.values()

    def disconnect(self, person: Person) -> None:
        """Break somebody's connections, as a network does: without a word."""

        def abort() -> None:
            for connection, owner in list(self._online.items()):
                if owner == person:
                    connection.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    # -- events

    def _hear(self, activity: Activity) -> None:
        now = self._cloud.clock.today()
        for person in activity.audience:
            for device in self._devices.of(person):
                due = Due(envelope(activity, self.rest_url, now), activity.id)
                self._loop.call_soon_threadsafe(self._dispatch, device, due)

    def _dispatch(self, device: Device, due: Due) -> None:
        device.due.append(due)
        for outbox in self._outboxes.get(device.uuid, ()):
            outbox.put_nowait(due)

    # -- connections

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        refusal = self._faults.strike_websocket("refuse")
        if refusal:
            return connection.respond(HTTPStatus(refusal.status), "refused by a fault\n")
        if self._device(request) is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such device\n")
        return None

    def _device(self, request: Request | None) -> Device | None:
        path = request.path.partition("?")[0] if request else ""
        return self._devices.find(path[len(PATH) :]) if path.startswith(PATH) else None

    async def _connected(self, connection: ServerConnection) -> None:
        device = self._device(connection.request)
        with suppress(ConnectionClosed, TimeoutError, asyncio.TimeoutError):
            if device is None or not await self._let_in(connection, device):
                await connection.close(4401, "not authorized")
            else:
                await self._converse(connection, device)
        await connection.close()
        connection.transport.close()  # Python 3.10 takes a TLS transport that its peer closed for unclosed

    async def _let_in(self, connection: ServerConnection, device: Device) -> bool:
        message = _parse(await asyncio.wait_for(connection.recv(), AUTHORIZATION_TIMEOUT))
        data = message.get("data") if message.get("type") == "authorization" else None
        bearer = str(data.get("token", "")) if isinstance(data, dict) else ""
        token = self._tokens.valid(bearer.removeprefix("Bearer "))
        return token is not None and token.person == device.person

    async def _converse(self, connection: ServerConnection, device: Device) -> None:
        outbox: asyncio.Queue[Due] = asyncio.Queue()
        outboxes = self._outboxes.setdefault(device.uuid, [])
        if not outboxes:  # what is due went to the other connection otherwise
            for due in device.due:
                outbox.put_nowait(due)
        outboxes.append(outbox)
        sender = asyncio.ensure_future(self._send(connection, outbox))
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
                self.logins[person.uuid] += 1
            self._cloud.tell()

    @staticmethod
    async def _receive(connection: ServerConnection, device: Device, message: dict[str, Any]) -> None:
        if message.get("type") == "ack":
            device.acknowledge(str(message.get("messageId")))
        elif message.get("type") == "ping":
            await connection.send(json.dumps({"id": message.get("id"), "type": "pong"}))

    async def _send(self, connection: ServerConnection, outbox: asyncio.Queue[Due]) -> None:
        with suppress(ConnectionClosed):
            while True:
                due = await outbox.get()
                if self._faults.strike_websocket("drop"):
                    connection.transport.abort()
                    return
                text = json.dumps(due.event)
                await connection.send(text)
                if self._faults.strike_websocket("duplicate"):
                    await connection.send(text)


def _parse(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
