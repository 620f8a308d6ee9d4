"""A webex_bot bot in a thread, which can be stopped: ``run()`` never returns by itself."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Protocol


class Runnable(Protocol):
    """What is needed of a WebexBot."""

    access_token: str
    websocket: Any  # of the package websockets; None until connected

    def run(self) -> None:
        """Connect and answer, for ever."""


class BotThread:
    """Runs a bot in a loop of its own; ``error`` is what it died of, if it did."""

    def __init__(self, bot: Runnable, told: threading.Condition) -> None:
        self._bot = bot
        self._told = told
        self._loop = asyncio.new_event_loop()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="bot", daemon=True)
        self.ended = False
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the bot."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the bot, after the handlers that run have finished."""
        self._stopping = True
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()
        self._loop.close()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._bot.run()
        except asyncio.CancelledError as error:
            self.error = None if self._stopping else error
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread that waits raises it
            self.error = error
        finally:
            if self._bot.websocket is not None:
                self._bot.websocket.transport.close()  # Python 3.10 takes it for unclosed otherwise
            # the loop has to run while handlers finish: they may wait for something that it does
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            with self._told:
                self.ended = True
                self._told.notify_all()
