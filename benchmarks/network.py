"""A network between a bot and the sandbox: TLS, and a distance that each byte has to travel, both ways."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: from one end to the other; seconds
ONE_WAY = 0.040
ROUND_TRIP = 2 * ONE_WAY


class Network:
    """Relays connections to a port of this machine, in a thread of its own.

    A new connection costs what it costs over a real network: a round trip for TCP, and another for TLS.

    Args:
        port: where they end
        context: TLS at that end

    Attributes:
        connections: how many were opened so far
    """

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.connections = 0
        self._target = port
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    @property
    def url(self) -> str:
        """The address at this end."""
        return f"https://127.0.0.1:{self._port}"

    def close(self) -> None:
        """Cut all connections."""
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        inner = await asyncio.start_server(self._end_tls, "127.0.0.1", 0, ssl=self._context)
        self._inner: int = inner.sockets[0].getsockname()[1]
        outer = await asyncio.start_server(self._travel, "127.0.0.1", 0)
        port: int = outer.sockets[0].getsockname()[1]
        return port

    async def _travel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await asyncio.sleep(ROUND_TRIP)  # TCP's own, which loopback does not need
        there = await asyncio.open_connection("127.0.0.1", self._inner)
        await _relay((reader, writer), there, ONE_WAY)

    async def _end_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._target)
        await _relay((reader, writer), there, 0)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _relay(one: End, other: End, seconds: float) -> None:
    await asyncio.gather(_pump(one[0], other[1], seconds), _pump(other[0], one[1], seconds))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Each piece arrives so many seconds after it was sent, however many are on their way."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(65536):
            loop.call_later(seconds, writer.write, data)
    loop.call_later(seconds, writer.close)


@contextmanager
def network_to(cloud: Any, context: ssl.SSLContext) -> Iterator[Network]:
    """A network in front of a sandbox, which names its address in all that it answers."""
    network = Network(int(cloud.url.rpartition(":")[2]), context)
    cloud._services.mercury.rest_url = network.url  # in the events

    def over_tls(app: Any) -> Any:
        def answer(environ: dict[str, Any], start_response: Any) -> Any:
            if network.url.endswith(environ.get("HTTP_HOST", "")):
                environ["wsgi.url_scheme"] = "https"
            return app(environ, start_response)

        return answer

    with cloud.wrap(over_tls):
        try:
            yield network
        finally:
            network.close()
