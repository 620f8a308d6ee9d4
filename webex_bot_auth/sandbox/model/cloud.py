"""The state of the sandbox: people, spaces and messages, behind one lock."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from . import ids, mentions
from .activities import Activity
from .clock import Clock
from .errors import WebexError
from .feed import Feed
from .messages import AttachmentAction, Content, Message
from .people import Person, email_from
from .rooms import Room


class Cloud:
    """All people, spaces and messages; every method may be called from any thread.

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
        self._people: dict[str, Person] = {}
        self._rooms: dict[str, Room] = {}
        self._messages: dict[str, Message] = {}  # in the order they were posted; deleted ones stay
        self._deleted: set[str] = set()
        self._actions: dict[str, AttachmentAction] = {}

    # -- people

    def add_person(
        self, name: str, *, email: str | None = None, is_bot: bool = False, admin: bool = False
    ) -> Person:
        """Add a person or bot.

        Args:
            name: The display name.
            email: The email address; None to make one from the name.
            is_bot: True for a bot.
            admin: True for a person who may see and revoke authorizations.

        Raises:
            ValueError: The email address is taken.
        """
        with self.changed:
            if email and self.find_person(email):
                raise ValueError(f"{email} is taken")
            address = email or self._free_email(name, is_bot)
            person = Person(
                ids.new_uuid(), address, name, is_bot, admin, self.clock.now_utc(), secrets.token_urlsafe(48)
            )
            self._people[person.uuid] = person
            self.notify()
        return person

    def _free_email(self, name: str, is_bot: bool) -> str:
        email, number = email_from(name, is_bot), 1
        while self.find_person(email):
            number += 1
            email = email_from(f"{name} {number}", is_bot)
        return email

    @property
    def people(self) -> list[Person]:
        """All people and bots, in the order they were added."""
        with self.changed:
            return list(self._people.values())

    def find_person(self, key: str) -> Person | None:
        """Return the person with this ID (in either form) or email address; None if there is none."""
        with self.changed:
            if "@" in key:
                return next((one for one in self._people.values() if one.email == key.lower()), None)
            return self._people.get(ids.bare_uuid("PEOPLE", key))

    def person(self, key: str) -> Person:
        """Return the person with this ID or email address.

        Raises:
            WebexError: 404, there is no such person.
        """
        person = self.find_person(key)
        if person is None:
            raise WebexError(404, "Could not find a person with that id or email address.")
        return person

    # -- spaces

    def direct(self, one: Person, other: Person) -> Room:
        """Return the 1:1 space of two people, which is made if there is none yet."""
        with self.changed:
            for room in self._rooms.values():
                if room.is_direct and set(room.people) == {one, other}:
                    return room
            return self._add_room("", (one, other), is_direct=True)

    def group(self, title: str, people: Iterable[Person]) -> Room:
        """Return a new group space."""
        return self._add_room(title, tuple(dict.fromkeys(people)), is_direct=False)

    def _add_room(self, title: str, people: tuple[Person, ...], *, is_direct: bool) -> Room:
        with self.changed:
            room = Room(ids.new_uuid(), title, is_direct, people, self.clock.now_utc())
            self._rooms[room.uuid] = room
            self.notify()
        return room

    def rooms_of(self, person: Person) -> list[Room]:
        """Return the spaces that a person is in."""
        with self.changed:
            return [room for room in self._rooms.values() if person in room.people]

    def room(self, key: str, person: Person) -> Room:
        """Return the space with this ID, for a person who is in it.

        Raises:
            WebexError: 404, there is no such space, or the person is not in it.
        """
        with self.changed:
            room = self._rooms.get(ids.bare_uuid("ROOM", key))
        if room is None or person not in room.people:
            raise WebexError(404, "Could not find a room with provided ID.")
        return room

    # -- messages

    def post(self, person: Person, room: Room, content: Content, parent: str | None = None) -> Message:
        """Post a message in a space.

        Args:
            person: The author.
            room: The space.
            content: What the message says.
            parent: The ID of a message to reply to; None for a message outside threads.

        Raises:
            WebexError: 404, the person is not in the space; 400, ``parent`` is no message of this space.
        """
        with self.changed:
            self.room(room.uuid, person)
            thread = self._thread(parent, room) if parent else None
            content, mentioned = (
                (content, ()) if room.is_direct else mentions.resolve(content, person, room.people)
            )
            message = Message(ids.new_uuid(), room, person, content, thread, mentioned, self.clock.now_utc())
            self._messages[message.uuid] = message
            self.feed.touch("message", message.uuid)
            self._announce(Activity("post", message.uuid, person, message, self._audience(message)))
        return message

    def _thread(self, key: str, room: Room) -> Message:
        parent = self._messages.get(ids.bare_uuid("MESSAGE", key))
        if parent is None or parent.uuid in self._deleted or parent.room != room:
            raise WebexError(400, "The parent message could not be found in this room.")
        return parent.parent or parent  # threads have one level: a reply to a reply joins its thread

    def message(self, key: str, person: Person) -> Message:
        """Return the message with this ID, for a person who may see it.

        Raises:
            WebexError: 404, there is no such message, or the person may not see it.
        """
        with self.changed:
            message = self._messages.get(ids.bare_uuid("MESSAGE", key))
            if message is None or message.uuid in self._deleted or not self.sees(person, message):
                raise WebexError(404, "Could not find a message with provided ID.")
        return message

    def find_message(self, uuid: str) -> Message | None:
        """Return the message with this UUID; None if there is none or it was deleted."""
        with self.changed:
            return None if uuid in self._deleted else self._messages.get(uuid)

    def messages(self, room: Room | None = None) -> list[Message]:
        """Return the messages of one space or of all, oldest first, without deleted ones."""
        with self.changed:
            return [
                one for one in self.history() if room in (None, one.room) and one.uuid not in self._deleted
            ]

    def history(self) -> list[Message]:
        """Return every message that was ever posted, oldest first, with deleted ones."""
        with self.changed:
            return list(self._messages.values())

    @staticmethod
    def sees(person: Person, message: Message) -> bool:
        """Return True if a person sees a message; in a group, a bot sees only mentions and its own."""
        if person not in message.room.people:
            return False
        is_involved = person == message.person or person in message.mentioned
        return is_involved or message.room.is_direct or not person.is_bot

    def edit(self, message: Message, content: Content) -> Message:
        """Change what a message says, and return the edited message."""
        with self.changed:
            edited = replace(message, content=content, updated=self.clock.now_utc())
            self._messages[message.uuid] = edited
            self.feed.touch("message", message.uuid)
            self.notify()
        return edited

    def delete(self, message: Message) -> None:
        """Delete a message."""
        with self.changed:
            self._deleted.add(message.uuid)
            self.feed.touch("message", message.uuid)
            self.notify()

    def clear_messages(self) -> None:
        """Delete all messages, without telling anybody."""
        with self.changed:
            for uuid in self._messages:
                self._deleted.add(uuid)
                self.feed.touch("message", uuid)
            self.notify()

    # -- cards

    def submit(self, person: Person, message: Message, inputs: dict[str, Any]) -> AttachmentAction:
        """Submit the card of a message; its author receives the event."""
        with self.changed:
            action = AttachmentAction(ids.new_uuid(), message, person, inputs, self.clock.now_utc())
            self._actions[action.uuid] = action
            self._announce(Activity("cardAction", action.uuid, person, message, (message.person,), inputs))
        return action

    def action(self, key: str, person: Person) -> AttachmentAction:
        """Return the submitted card with this ID, for its author or the person who pressed the button.

        Raises:
            WebexError: 404, there is no such action, or it is not for this person.
        """
        with self.changed:
            action = self._actions.get(ids.bare_uuid("ATTACHMENT_ACTION", key))
        if action is None or person not in (action.person, action.message.person):
            raise WebexError(404, "Could not find an attachment action with provided ID.")
        return action

    # -- notifications

    def _audience(self, message: Message) -> tuple[Person, ...]:
        return tuple(one for one in message.room.people if self.sees(one, message))

    def _announce(self, activity: Activity) -> None:
        for listener in self.listeners:
            listener(activity)  # while the state is locked, so that all activities arrive in order
        self.notify()

    def notify(self) -> None:
        """Note a change and wake up waiters."""
        with self.changed:
            self.feed.touch("cloud")
            self.changed.notify_all()
