"""What happens in the sandbox, and who is told: the websocket, webhooks and the list of events report it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from . import ids
from .clock import Clock
from .feed import Feed
from .messages import AttachmentAction, Message
from .people import Person
from .rooms import Membership, Room, Tab

Item = Message | AttachmentAction | Membership | Room | Tab


@dataclass(frozen=True)
class Activity:
    """Something that a person did.

    Attributes:
        verb: What the websocket calls it, for example ``post``; empty if the websocket does not report it.
        resource: The resource of the REST API that it is about, for example ``messages``.
        event: ``created``, ``updated`` or ``deleted``; empty if only the websocket reports it.
        actor: Who did it.
        room: The space in which it happened.
        item: What it was done to.
        audience: Who hears of it.
        uuid: The UUID under which clients look it up: of a new message, of a submitted card, else its own.
    """

    verb: str
    resource: str
    event: str
    actor: Person
    room: Room
    item: Item
    audience: tuple[Person, ...]
    uuid: str

    @property
    def message(self) -> Message | None:
        """The message that it is about, or whose card was submitted; None if there is none."""
        if isinstance(self.item, AttachmentAction):
            return self.item.message
        return self.item if isinstance(self.item, Message) else None

    @property
    def id(self) -> str:
        """The ID in the REST API, with which clients acknowledge the event."""
        if isinstance(self.item, AttachmentAction | Message):
            return self.item.id
        return ids.encode("ACTIVITY", self.uuid)


class State:
    """The lock of the state, the clock, and the listeners.

    Args:
        clock: The sandbox's clock.

    Attributes:
        clock: The sandbox's clock.
        changed: The lock of the state; notified after each change.
        feed: Which messages have changed, and when anything else has.
        listeners: Called with each activity, in order; the state is locked meanwhile.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.changed = threading.Condition(threading.RLock())
        self.feed = Feed()
        self.listeners: list[Callable[[Activity], None]] = []

    def announce(self, activity: Activity) -> None:
        """Tell the listeners what happened, and wake up waiters."""
        with self.changed:
            for listener in self.listeners:
                listener(activity)  # while the state is locked, so that all activities arrive in order
            self.notify()

    def notify(self) -> None:
        """Note a change and wake up waiters."""
        with self.changed:
            self.feed.touch("cloud")
            self.changed.notify_all()
