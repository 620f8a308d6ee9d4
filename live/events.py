"""The websocket of the bot, as webex_bot opens it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect

from .results import Unchecked, Why
from .webex import Json, Webex, bare, body

WAIT = 20  # seconds for an event
DEVICE = {
    "deviceName": "webex-bot-auth-check",
    "deviceType": "DESKTOP",
    "localizedModel": "python",
    "model": "python",
    "name": "webex-bot-auth-check",
    "systemName": "webex-bot-auth-check",
    "systemVersion": "0.1",
}


class Events:
    """The events of one device of the bot.

    Args:
        webex: The checks' Webex.
        device: What Webex answered when the device was registered.
    """

    def __init__(self, webex: Webex, device: Json) -> None:
        self._webex, self.device = webex, device
        self._socket: ClientConnection
        self.first: Json = {}

    def connect(self) -> None:
        """Open the websocket; the first message that comes is kept in ``first``."""
        timeout = min(WAIT, self._webex.left())
        self._socket = connect(self.device["webSocketUrl"], open_timeout=timeout, close_timeout=2)
        token = {"token": f"Bearer {self._webex.bot.token}"}
        self._socket.send(json.dumps({"id": str(uuid.uuid4()), "type": "authorization", "data": token}))
        self.first = json.loads(self._socket.recv(timeout=timeout))

    def close(self) -> None:
        """Close the websocket."""
        self._socket.close()

    def wait(self, fits: Callable[[Json], object] = bool) -> Json:
        """Return the next activity in the checks' space that fits.

        Raises:
            Unchecked: None came in time.
        """
        until = time.monotonic() + min(WAIT, self._webex.left())
        while (left := until - time.monotonic()) > 0:
            try:
                activity = json.loads(self._socket.recv(timeout=left)).get("data", {}).get("activity", {})
            except TimeoutError:
                break
            here = activity.get("target", {}).get("id") == bare(self._webex.room)
            if here and fits(activity):
                return dict(activity)
        raise Unchecked(Why.NO_EVENT, WAIT)

    def verb(self, *verbs: str) -> Json:
        """Return the next activity with one of these verbs."""
        return self.wait(lambda activity: activity["verb"] in verbs)


@contextmanager
def events(webex: Webex) -> Iterator[Events]:
    """Register a device of the bot and connect it, for the length of a ``with`` block."""
    _ = webex.room  # made first, so that its own events do not come
    links = body(webex.bot.get(f"{webex.settings.u2c}/catalog", format="hostmap"))["serviceLinks"]
    device = body(webex.bot.call("POST", f"{links['wdm']}/devices", json=DEVICE))
    found = Events(webex, device)
    try:
        found.connect()
        try:
            yield found
        finally:
            found.close()
    finally:
        webex.bot.call("DELETE", device["url"])
