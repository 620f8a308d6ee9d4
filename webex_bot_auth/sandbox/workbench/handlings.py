"""What bots that run in the sandbox's process are doing with each message, and with which error it ended."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..model.cloud import Cloud
from ..model.ids import new_uuid
from ..model.people import Person

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
        uuid: Its UUID.
    """

    bot: Person
    message_uuid: str
    started: datetime
    state: str = "working"
    title: str = ""
    report: str = field(default="", repr=False)
    uuid: str = field(default_factory=new_uuid)


class Handlings:
    """What bots are doing with messages; every method may be called from any thread.

    Args:
        cloud: People, spaces and messages.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._handlings: deque[Handling] = deque(maxlen=KEPT)
        self._by_message: dict[str, list[Handling]] = {}
        self._bots: dict[str, weakref.ref[Any]] = {}  # by token, as WebexBot objects have no other identity

    def begin(self, bot: Person, message_uuid: str) -> Handling:
        """Note that a bot has begun to work on a message."""
        handling = Handling(bot, message_uuid, self._cloud.clock.now_utc())
        with self._lock:
            if len(self._handlings) == KEPT:
                self._by_message.pop(self._handlings[0].message_uuid, None)
            self._handlings.append(handling)
            self._by_message.setdefault(message_uuid, []).append(handling)
        self._tell(handling)
        return handling

    def end(self, handling: Handling, error: str, log: str) -> None:
        """Note that a bot has finished with a message.

        Args:
            handling: What ``begin`` has returned.
            error: The traceback or logged error, whose last line says what it is; empty without one.
            log: What the bot has logged otherwise.
        """
        handling.report = "\n".join(filter(None, (error.strip(), log.strip())))
        handling.title = error.strip().rpartition("\n")[2][:300]
        handling.state = "failed" if error else "answered" if self._has_answered(handling) else "silent"
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
        self._cloud.feed.touch("handling", handling.uuid)

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

    # -- the bots themselves

    def add_bot(self, bot: Any) -> None:
        """Note a WebexBot, so that the page can say what to type."""
        with self._lock:
            self._bots[bot.access_token] = weakref.ref(bot)

    def commands(self, person: Person) -> list[dict[str, str]]:
        """Return the commands of a bot that runs in this process: what to type, and what it does."""
        with self._lock:
            found = self._bots.get(person.token)
        bot = found() if found else None
        commands = list(getattr(bot, "commands", ()))
        known = {
            str(one.command_keyword): str(getattr(one, "help_message", "") or "")
            for one in commands
            if getattr(one, "command_keyword", None)
        }
        return [{"keyword": keyword, "help": text} for keyword, text in sorted(known.items())]
