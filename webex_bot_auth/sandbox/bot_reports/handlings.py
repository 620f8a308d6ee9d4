"""What bots are doing with each message, and with which error it ended, as far as they report it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ..model.cloud import Cloud
from ..model.ids import new_uuid
from ..model.people import Person

Commands = list[dict[str, str]]

KEPT = 500  # handlings; the oldest is forgotten first


@dataclass
class Handling:
    """One message, or one submitted card, in the hands of a bot.

    Attributes:
        bot: The bot.
        message_uuid: The UUID of the message, or of the message with the card.
        started: When it began.
        state: ``working``, and at the end ``answered``, ``failed`` or ``silent`` (no error, and no answer).
        title: The error in one line.
        report: The traceback, and what the bot has logged meanwhile.
        thread_uuid: The UUID of the message whose thread it is in; empty outside threads.
        uuid: Its UUID.
    """

    bot: Person
    message_uuid: str
    started: datetime
    state: str = "working"
    title: str = ""
    report: str = field(default="", repr=False)
    thread_uuid: str = ""
    uuid: str = field(default_factory=new_uuid)


class Handlings:
    """What bots are doing with messages; every method may be called from any thread.

    Args:
        cloud: People, spaces and messages.
        owner: Returns the bot that a token was given to; None if the token is unknown.
    """

    def __init__(self, cloud: Cloud, owner: Callable[[str], Person | None]) -> None:
        self._cloud = cloud
        self._owner = owner
        self._lock = threading.Lock()
        self._handlings: deque[Handling] = deque(maxlen=KEPT)
        self._by_message: dict[str, list[Handling]] = {}
        self._commands: dict[str, Commands] = {}  # by the bot's UUID

    # -- what bots report

    def start(self, token: str, commands: Commands) -> None:
        """Note the commands of a bot that begins to run."""
        bot = self._owner(token)
        if bot is not None:
            self._commands[bot.uuid] = commands
            self._cloud.notify()

    def begin(self, token: str, message_uuid: str) -> str:
        """Note that a bot has begun to work on a message, and return a key for ``end``."""
        bot = self._owner(token)
        if bot is None:
            return ""
        message = self._cloud.find_message(message_uuid)
        handling = Handling(bot, message_uuid, self._cloud.clock.now_utc())
        if message is not None:
            handling.message_uuid = message.uuid  # an edit has a UUID of its own
            handling.thread_uuid = message.parent.uuid if message.parent else ""
        with self._lock:
            if len(self._handlings) == KEPT:
                self._by_message.pop(self._handlings[0].message_uuid, None)
            self._handlings.append(handling)
        self._note(handling)
        return handling.uuid

    def end(self, key: str, error: str, log: str) -> None:
        """Note that a bot has finished with a message.

        Args:
            key: What ``begin`` has returned.
            error: The traceback or logged error, whose last line says what it is; empty without one.
            log: What the bot has logged otherwise.
        """
        handling = next((one for one in reversed(self.all()) if one.uuid == key), None)
        if handling is None:
            return
        handling.report = "\n".join(filter(None, (error.strip(), log.strip())))
        handling.title = error.strip().rpartition("\n")[2][:300]
        handling.state = "failed" if error else "answered" if self._has_answered(handling) else "silent"
        if handling.thread_uuid and self._cloud.find_message(handling.message_uuid) is None:
            handling.message_uuid = handling.thread_uuid  # a command may delete its card before it fails
            self._note(handling)
        self._tell(handling)

    def _note(self, handling: Handling) -> None:
        with self._lock:
            self._by_message.setdefault(handling.message_uuid, []).append(handling)
        self._tell(handling)

    def _has_answered(self, handling: Handling) -> bool:
        for message in reversed(self._cloud.history()):
            if message.created < handling.started:
                return False
            if message.person == handling.bot:
                return True
        return False

    def _tell(self, handling: Handling) -> None:
        self._cloud.feed.touch("message", handling.message_uuid)
        self._cloud.feed.touch("handling")

    # -- for the page

    def of(self, message_uuid: str) -> list[Handling]:
        """Return what bots have done with a message, the earliest first."""
        with self._lock:
            return list(self._by_message.get(message_uuid, ()))

    def all(self) -> list[Handling]:
        """Return what bots have done with all messages, the earliest first."""
        with self._lock:
            return list(self._handlings)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._handlings.clear()
            self._by_message.clear()
        self._cloud.feed.touch("handling")

    def commands(self, bot: Person) -> Commands:
        """Return the commands of a bot: what to type (``keyword``), and what it does (``help``)."""
        return self._commands.get(bot.uuid, [])
