"""``run_bot``: keeps a bot connected to Webex, in one of the processes that share it, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from ..commands.handling import Handling
from ..commands.resumer import Resumer
from ..errors import SettingError, StoreError
from ..ground.bounded_close import OWN_THREADS
from ..ground.turn import LEASE, Turn
from ..stores import FlowStore
from ..stores.agenda import Agenda
from ..stores.leases import Lease, Leases

log = logging.getLogger(__name__)

#: before the bot is connected again; doubled each time, until it is connected; seconds
FIRST_WAIT, MAX_WAIT = 1.0, 60.0
#: longest silence after which another process takes over; seconds
MAX_TAKE_OVER = 24 * 3600.0
#: maximum time for commands that run, when the bot is stopped; seconds
COMMANDS_SECONDS = 10.0
#: maximum time for the closing handshake, which a dead network never answers; seconds
CLOSE_SECONDS = 2.0


def check_seconds(take_over_after: Any) -> None:
    """Refuse what is no number of seconds, or more than a day."""
    is_number = isinstance(take_over_after, (int, float)) and not isinstance(take_over_after, bool)
    if not is_number or not 0 < take_over_after <= MAX_TAKE_OVER:
        raise SettingError("take_over_after", "has to be a number of seconds, more than 0 and at most a day")


class Running:
    """Runs a registered bot.

    Args:
        bot: the bot
        turn: is told when this process may handle the bot's messages
        handling: handles them
        resumer: runs commands after logins
        agenda: finds these commands
        shared: where processes agree on which of them runs the bot; None: there is only this one
        take_over_after: after so many seconds of silence, another process runs it
    """

    def __init__(
        self, bot: Any, turn: Turn, handling: Handling, resumer: Resumer, agenda: Agenda | None,
        shared: FlowStore | None, take_over_after: float,
    ) -> None:  # fmt: skip
        self._bot, self._turn = bot, turn
        self._handling, self._resumer, self._agenda = handling, resumer, agenda
        # the lease of a process that dies ends, is looked for, and the bot is connected, all within that time
        self._leases = None if shared is None else Leases(shared, take_over_after * 0.6)
        self._look_seconds = min(1.0, take_over_after / 15)
        self._take_over_after = take_over_after
        self._wait_seconds = FIRST_WAIT
        self._told = ""
        self._is_stopped = False
        self._ended = threading.Event()
        self._news: SimpleQueue[None] = SimpleQueue()  # handlers of signals may put something into it
        _keep_device(bot)

    def run(self) -> None:
        """Stand by, run the bot while it is our turn, and so on, until :meth:`stop` or a signal."""
        self._turn.is_shared = self._leases is not None
        try:
            with _ended_by_signals(self):
                while not self._is_stopped:
                    self._wait(self._stand_by_or_run())
        finally:
            self._ended.set()

    def stop(self) -> None:
        """Make :meth:`run` end, and wait for that; not longer than its commands may take."""
        self.stop_soon()
        self._ended.wait(COMMANDS_SECONDS + 3 * CLOSE_SECONDS)

    def stop_soon(self) -> None:
        """Make :meth:`run` end. May be called in handlers of signals."""
        self._is_stopped = True
        self._news.put(None)

    def _wait(self, seconds: float, connection: _Connection | None = None) -> None:
        """Wait, until :meth:`stop` or the end of a connection at most."""
        give_up = time.monotonic() + seconds
        while not self._is_stopped and not (connection and connection.has_ended):
            if (left := give_up - time.monotonic()) <= 0:
                return
            with suppress(Empty):
                self._news.get(timeout=left)

    def _stand_by_or_run(self) -> float:
        """Run the bot if it is our turn; return after how many seconds to look again."""
        turn: AbstractContextManager[Lease | None] = nullcontext(Lease("", "", math.inf))
        if self._leases is not None:
            turn = self._leases.hold(LEASE)
        try:
            with turn as lease:
                if lease is None:
                    self._tell(logging.INFO, "standing by: another process runs the bot")
                    return self._look_seconds
                self._turn.lease = lease
                try:
                    return self._run(lease)
                finally:
                    if self._is_stopped:
                        self._finish_commands()
                    self._turn.lease = None
        except StoreError as error:
            self._tell(logging.WARNING, "standing by: nobody can tell whose turn it is", error)
            return self._look_seconds

    def _run(self, lease: Lease) -> float:
        """Keep the bot connected while we hold the lease; return after how many seconds to look again."""
        self._tell(logging.INFO, "this process runs the bot now")
        failing_since = math.inf
        while lease.is_held() and not self._is_stopped:
            connection = _Connection(self._bot, self._news)
            while lease.is_held() and not self._is_stopped and not connection.has_ended:
                self._wait(self._look_seconds, connection)
            if not connection.has_ended:
                connection.close()
                continue
            if self._bot.websocket is not None:  # it was open before it failed
                self._told, self._wait_seconds, failing_since = "", FIRST_WAIT, math.inf
            self._tell(logging.WARNING, "the bot is not connected, and is connected again", connection.error)
            wait, self._wait_seconds = self._wait_seconds, min(2 * self._wait_seconds, MAX_WAIT)
            failing_since = min(failing_since, time.monotonic())
            if self._leases and time.monotonic() - failing_since > self._take_over_after:
                return wait  # another process may try meanwhile: this one may have lost its network
            self._wait(wait)
        if not self._is_stopped:
            self._tell(logging.WARNING, "the lease has ended: another process may run the bot now")
        return self._look_seconds

    def _finish_commands(self) -> None:
        """Begin with nothing more, and let the commands that run come to their end."""
        self._handling.stop()
        if self._agenda is not None:
            self._agenda.close()
        self._resumer.stop()
        self._handling.wait(COMMANDS_SECONDS)

    def _tell(self, level: int, text: str, error: BaseException | None = None) -> None:
        """Write to the log how it stands, unless that is how it stood before."""
        if text != self._told:
            self._told = text
            log.log(level, text if error is None else f"{text}: {type(error).__name__}: {error}")


class _Connection:
    """One connection of the bot to Webex, in a thread of its own, with an event loop of its own.

    Args:
        bot: the bot, whose ``websocket`` is None until the connection is open
        news: gets something when it has ended

    Attributes:
        has_ended: whether it has ended
        error: what it has ended with
    """

    def __init__(self, bot: Any, news: SimpleQueue[None]) -> None:
        self._bot, self._news = bot, news
        self.has_ended = False
        self.error: BaseException | None = None
        self._loop = _Loop()
        bot.websocket = None
        self._thread = threading.Thread(target=self._run, name=f"{OWN_THREADS}-bot", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close it, also where it is not open yet. (The bot's ``stop`` raises errors, and stops nothing.)"""
        for _ in range(2):  # the second time ends the closing handshake
            with suppress(RuntimeError):  # it has ended just now
                self._loop.call_soon_threadsafe(self._cancel)
            self._thread.join(CLOSE_SECONDS)

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)  # where webex_bot looks for one
        try:
            self._bot.run()
        except BaseException as error:  # noqa: BLE001 (whatever it is, the bot is to be connected again)
            self.error = error
        finally:
            if self._bot.websocket is not None:
                self._bot.websocket.transport.abort()  # otherwise Python 3.10 warns that it is not closed
                self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
            self.has_ended = True
            self._news.put(None)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop in which a name that is not found ends the bot's ``run``.

    That is what it looks like when there is no network, and webex_bot would wait for minutes by itself.
    """

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        try:
            return await super().getaddrinfo(host, port, **options)
        except socket.gaierror as error:
            raise ConnectionError(f"{host}: {error}") from error


def _keep_device(bot: Any) -> None:
    """Let a bot use the device that Webex has for it; webex_bot registers another one after each failure."""
    register = bot._get_device_info

    def find_or_register(check_existing: bool = True) -> Any:
        failure = sys.exc_info()[1]
        is_unknown_device = getattr(getattr(failure, "response", None), "status_code", None) == 404
        if not check_existing and failure is not None and not is_unknown_device:
            raise failure  # out of the bot's run, which is called again
        if check_existing:
            answer = bot.session.get(f"{bot.device_url}/devices")
            if answer.status_code != 404:  # none
                answer.raise_for_status()  # webex_bot would take it for none
        device = register(check_existing)
        if "webSocketUrl" not in device:
            bot.device_info = None
            raise ConnectionError(f"Webex registers no device: {device.get('message')}")
        return device

    bot._get_device_info = find_or_register


@contextmanager
def _ended_by_signals(running: Running) -> Iterator[None]:
    """Let SIGTERM and Ctrl+C end a bot without a word; a second one does what it did before."""
    if threading.current_thread() is not threading.main_thread():  # Python lets no other one set handlers
        yield
        return
    before = {
        number: signal.getsignal(number) or signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGINT)
    }

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(_number: int, _frame: FrameType | None) -> None:
        restore()
        running.stop_soon()

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        restore()
