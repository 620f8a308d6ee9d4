"""Runs a webex_bot bot in a thread that can be stopped, as ``WebexBot.run()`` never returns by itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Runnable(Protocol):
    """What is needed of a WebexBot.

    Attributes:
        access_token: The bot token.
        websocket: A connection of the package websockets; None until the bot is connected.
    """

    access_token: str
    websocket: Any

    def run(self) -> None:
        """Connect and answer, for ever."""


class BotThread:
    """Runs a bot in a thread with an event loop of its own.

    Args:
        bot: The bot.
        changed: Notified when the bot has ended.

    Attributes:
        ended: True once the bot's ``run()`` has returned or raised.
        error: What ``run()`` raised; None if it did not, or was stopped by ``stop()``.
    """

    def __init__(self, bot: Runnable, changed: threading.Condition) -> None:
        self._bot = bot
        self._changed = changed
        self._loop = asyncio.new_event_loop()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="bot", daemon=True)
        self.ended = False
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the bot."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the bot and wait until the handlers that are running have finished."""
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
                self._bot.websocket.transport.close()  # otherwise Python 3.10 warns that it is not closed
            # the loop has to run while handlers finish, as they may wait for something that it does
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            with self._changed:
                self.ended = True
                self._changed.notify_all()


@contextmanager
def running_bot(
    bot: Runnable, changed: threading.Condition, is_connected: Callable[[], bool], timeout: float
) -> Iterator[BotThread]:
    """Run a bot for the length of a ``with`` block, which begins when it is connected.

    Args:
        bot: The bot.
        changed: Notified when a bot has connected or ended.
        is_connected: Tells whether this bot has connected; called with ``changed`` locked.
        timeout: Maximum wait until it is connected, in seconds.

    Raises:
        TimeoutError: It was not connected in time.
        BaseException: What its ``run()`` raised, if it did.
    """
    thread = BotThread(bot, changed)
    thread.start()
    try:
        with changed:
            if not changed.wait_for(lambda: thread.ended or is_connected(), timeout):
                raise TimeoutError(f"waited {timeout} s for the bot to connect")
        if not thread.ended:
            yield thread
    finally:
        thread.stop()
    if thread.error is not None:
        raise thread.error
