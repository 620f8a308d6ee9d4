"""The state of the sandbox: people, spaces and messages, behind one lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..content import cards, mentions
from . import ids
from .activities import Activity, State
from .clock import Clock
from .directory import Directory
from .errors import WebexError
from .messages import AttachmentAction, Content, File, Message
from .people import Person
from .rooms import Room
from .spaces import Spaces
from .teams import Teams


class Cloud:
    """All people, spaces and messages; every method may be called from any thread.

    Args:
        clock: The sandbox's clock.

    Attributes:
        state: The lock, the clock and the listeners.
        directory: All people and bots.
        spaces: All spaces, and who is in them.
        teams: All teams, and who is in them.
        clock: The sandbox's clock.
        changed: The lock of the state; notified after each change.
        feed: Which messages have changed, and when anything else has.
        listeners: Called with each activity, in order; the state is locked meanwhile.
    """

    def __init__(self, clock: Clock) -> None:
        self.state = State(clock)
        self.directory = Directory(self.state)
        self.spaces = Spaces(self.state)
        self.teams = Teams(self.state, self.spaces)
        self._messages: dict[str, Message] = {}  # in the order they were posted; deleted ones stay
        self._aliases: dict[str, str] = {}  # the websocket has further UUIDs: of edits, of checked files
        self._deleted: set[str] = set()
        self._actions: dict[str, AttachmentAction] = {}
        # what is used most, without a detour
        self.clock, self.changed, self.listeners = clock, self.state.changed, self.state.listeners
        self.feed, self.notify = self.state.feed, self.state.notify
        self.add_person, self.find_person, self.person = (
            self.directory.add,
            self.directory.find,
            self.directory.get,
        )
        self.direct, self.group = self.spaces.direct, self.spaces.group
        self.room, self.rooms_of = self.spaces.room, self.spaces.rooms_of

    @property
    def people(self) -> list[Person]:
        """All people and bots, in the order they were added."""
        return self.directory.all()

    def remove_person(self, person: Person, actor: Person) -> None:
        """Remove a person, who leaves all spaces."""
        with self.changed:
            for room in self.rooms_of(person):
                self.spaces.leave(room.members[person], actor)
            for team in self.teams.of(person):
                self.teams.leave(team.members[person], actor)
            self.directory.remove(person)

    # -- messages

    def post(
        self,
        person: Person,
        room: Room,
        content: Content,
        parent: str | None = None,
        picked: Sequence[Person] | None = None,
    ) -> Message:
        """Post a message in a space.

        Args:
            person: The author.
            room: The space.
            content: What the message says.
            parent: The ID of a message to reply to; None for a message outside threads.
            picked: Who is mentioned, in a text without Markdown; None to look for names after ``@``.

        Raises:
            WebexError: 404, the person is not in the space; 403, the person may not post in it; 400,
                ``parent`` is no message of this space.
        """
        with self.changed:
            if not self.spaces.room(room.uuid, person).may_post(person):
                raise WebexError(403, "Only moderators may post in this room.")
            thread = self._thread(parent, room) if parent else None
            said = mentions.resolve(content, person, room.people, picked)
            now, uuid = self.clock.now_utc(), ids.new_uuid()
            message = Message(
                uuid, room, person, said.content, thread, said.people, now, None, groups=said.groups
            )
            self._messages[uuid] = message
            self.feed.touch("message", uuid)
            room.last_activity = now
            self._announce("share" if content.files else "post", "created", person, message, uuid)
            if content.files:  # clients wait until the file has been checked
                self._aliases[checked := ids.new_uuid()] = uuid
                self._announce("update", "", person, message, checked)
        return message

    def _thread(self, key: str, room: Room) -> Message:
        parent = self.find_message(key)
        if parent is None or parent.room is not room:
            raise WebexError(400, "The parent message could not be found in this room.")
        return parent.parent or parent  # threads have one level: a reply to a reply joins its thread

    def find_message(self, key: str) -> Message | None:
        """Return the message with this ID; None if there is none, or it was deleted."""
        uuid = ids.bare_uuid("MESSAGE", key)
        with self.changed:
            uuid = self._aliases.get(uuid, uuid)
            return None if uuid in self._deleted else self._messages.get(uuid)

    def message(self, key: str, person: Person) -> Message:
        """Return the message with this ID, for a person who may see it.

        Raises:
            WebexError: 404, there is no such message, or the person may not see it.
        """
        with self.changed:
            message = self.find_message(key)
            if message is None or not self.sees(person, message):
                raise WebexError(404, "Could not find a message with provided ID.")
        return message

    def file(self, key: str, person: Person) -> File:
        """Return the file with this ID, for a person who may see its message.

        Raises:
            WebexError: 404, there is no such file, or the person may not see it.
        """
        for message in self.messages():
            for file in message.content.files:
                if ids.same(file.id, key) and self.sees(person, message):
                    return file
        raise WebexError(404, "Could not find a file with provided ID.")

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
        if person not in message.room.members:
            return False
        is_involved = person == message.person or person in message.mentioned
        return is_involved or message.room.is_direct or not person.is_bot

    def edit(self, message: Message, content: Content, picked: Sequence[Person] | None = None) -> Message:
        """Change what a message says, and return the edited message."""
        with self.changed:
            said = mentions.resolve(content, message.person, message.room.people, picked)
            edited = replace(
                message,
                content=said.content,
                mentioned=said.people,
                groups=said.groups,
                updated=self.clock.now_utc(),
                edits=message.edits + 1,
            )
            self._messages[message.uuid] = edited
            self.feed.touch("message", message.uuid)
            self._aliases[uuid := ids.new_uuid()] = message.uuid
            self._announce("post", "updated", message.person, edited, uuid)
        return edited

    def delete(self, message: Message, actor: Person | None = None) -> None:
        """Delete a message; ``actor`` is who does it, None for its author."""
        with self.changed:
            self._announce("delete", "deleted", actor or message.person, message)
            self._deleted.add(message.uuid)
            self.feed.touch("message", message.uuid)

    def clear_messages(self) -> None:
        """Delete all messages, without telling anybody."""
        with self.changed:
            for uuid in self._messages:
                self._deleted.add(uuid)
                self.feed.touch("message", uuid)
            self.notify()

    # -- cards

    def submit(self, person: Person, message: Message, inputs: Mapping[str, Any]) -> AttachmentAction:
        """Submit the card of a message; its author receives the event.

        Raises:
            WebexError: 400, the message has no card, or a required input is empty.
        """
        if message.card is None:
            raise WebexError(400, "The message has no card.")
        checked = cards.checked_inputs(message.card, inputs)
        with self.changed:
            action = AttachmentAction(ids.new_uuid(), message, person, checked, self.clock.now_utc())
            self._actions[action.uuid] = action
            self._announce("cardAction", "created", person, action, action.uuid)
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

    def _announce(
        self, verb: str, event: str, actor: Person, item: Message | AttachmentAction, uuid: str = ""
    ) -> None:
        if isinstance(item, AttachmentAction):
            message, resource = item.message, "attachmentActions"
            audience: tuple[Person, ...] = (message.person,)
        else:
            message, resource = item, "messages"
            audience = tuple(one for one in item.room.people if self.sees(one, item))
        uuid = uuid or ids.new_uuid()
        self.state.announce(Activity(verb, resource, event, actor, message.room, item, audience, uuid))
