"""Waiting for a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from .bot_reports.handlings import Handlings
from .model.cloud import Cloud
from .model.errors import NoSuchMessageError
from .model.messages import Message
from .model.people import Person
from .model.rooms import Room

#: what a bot has done with a message, in words; an answer speaks for itself
OUTCOMES = {
    "working": "is still working on it",
    "silent": "has handled it, without an answer and without an error",
    "failed": "has failed:",
}


@dataclass(frozen=True)
class MessageFilter:
    """Describes which message is waited for; None means that it does not matter.

    Attributes:
        room: The space it has to be in.
        person: The person or bot that has to be its author.
        after: The message that it has to come after.
        where: Called with a message, tells whether it fits.
    """

    room: Room | None
    person: Person | None
    after: Message | None
    where: Callable[[Message], object] | None

    def first(self, messages: list[Message]) -> Message | None:
        """Return the first message that fits; None if there is none."""
        candidates = (one for one in self._candidates(messages) if self.person in (None, one.person))
        return next((one for one in candidates if self.where is None or self.where(one)), None)

    def describe_candidates(self, messages: list[Message]) -> str:
        """Return the later messages of the space, one a line, for the text of an error."""
        return "\n".join(_line(one) for one in self._candidates(messages)) or "  nothing"

    def _candidates(self, messages: list[Message]) -> list[Message]:
        # from the end: most of what is waited for has just been posted
        later = takewhile(lambda one: self.after is None or one.uuid != self.after.uuid, reversed(messages))
        return [one for one in later if self.room in (None, one.room)][::-1]


def wait_for_message(cloud: Cloud, handlings: Handlings, wanted: MessageFilter, timeout: float) -> Message:
    """Return the first message that fits, as soon as it is posted; deleted messages count.

    Args:
        cloud: Where to look.
        handlings: What bots have done with the message before, for the text of the error.
        wanted: Which message fits.
        timeout: Maximum wait, in seconds.

    Raises:
        NoSuchMessageError: No message fitted in time.
    """
    with cloud.changed:
        message = cloud.changed.wait_for(lambda: wanted.first(cloud.history()), timeout)
        if message is None:
            candidates = wanted.describe_candidates(cloud.history())
            outcomes = _outcomes(handlings, wanted.after) if wanted.after else ""
            raise NoSuchMessageError(
                f"no such message in {timeout} s; instead there was:\n{candidates}{outcomes}"
            )
        return message


def _outcomes(handlings: Handlings, message: Message) -> str:
    return "".join(
        f"\n{one.bot.display_name} {OUTCOMES[one.state]} {one.title}".rstrip()
        for one in handlings.of(message.uuid)
        if one.state in OUTCOMES
    )


def _line(message: Message) -> str:
    card = " [card]" if message.card else ""
    return f"  {message.person.display_name} in {message.room.title or 'a 1:1'}: {message.text!r}{card}"
