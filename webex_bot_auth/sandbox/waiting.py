"""Waiting for somebody to say something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .cloud import Cloud
from .errors import NoSuchMessageError
from .messages import Message
from .people import Person
from .rooms import Room


@dataclass(frozen=True)
class Wanted:
    """Which message is waited for: of a space and a person, after another one, and of what kind."""

    room: Room | None
    person: Person | None
    after: Message | None
    where: Callable[[Message], object] | None

    def among(self, messages: list[Message]) -> Message | None:
        """Return the first that fits."""
        candidates = (one for one in self._later(messages) if self.person in (None, one.person))
        return next((one for one in candidates if self.where is None or self.where(one)), None)

    def instead(self, messages: list[Message]) -> str:
        """Return what was said in the space meanwhile, in lines."""
        return "\n".join(_line(one) for one in self._later(messages)) or "  nothing"

    def _later(self, messages: list[Message]) -> list[Message]:
        numbers = [
            number for number, one in enumerate(messages) if self.after and one.uuid == self.after.uuid
        ]
        start = numbers[0] + 1 if numbers else 0
        return [one for one in messages[start:] if self.room in (None, one.room)]


def for_message(cloud: Cloud, wanted: Wanted, timeout: float) -> Message:
    """Return the message, as soon as it is said; deleted ones count.

    Raises:
        NoSuchMessageError: it was not said within ``timeout`` seconds.
    """
    with cloud.changed:
        message = cloud.changed.wait_for(lambda: wanted.among(cloud.said()), timeout)
        if message is None:
            instead = wanted.instead(cloud.said())
            raise NoSuchMessageError(f"no such message in {timeout} s; instead was said:\n{instead}")
        return message


def _line(message: Message) -> str:
    card = " [card]" if message.card else ""
    return f"  {message.person.display_name} in {message.room.title or 'a 1:1'}: {message.text!r}{card}"
