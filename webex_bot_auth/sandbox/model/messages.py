"""Messages, and the submitted cards that the API calls attachment actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import ids
from .people import Person
from .rooms import Room


@dataclass(frozen=True)
class File:
    """A file on a message.

    Attributes:
        name: Its name.
        content_type: What it is, for example ``image/png``.
        data: What is in it.
        uuid: Its UUID.
    """

    name: str
    content_type: str
    data: bytes = field(repr=False)
    uuid: str = field(default_factory=ids.new_uuid, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("CONTENT", f"{self.uuid}/0")


@dataclass(frozen=True)
class Content:
    """What a message says.

    Attributes:
        text: The plain text.
        markdown: The Markdown, if it was written in it.
        html: The HTML, if it was written in it, in Markdown, or mentions people.
        card: The Adaptive Card on it.
        files: The attached files; at Webex, there is one at most.
    """

    text: str = ""
    markdown: str | None = None
    html: str | None = None
    card: dict[str, Any] | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message; two versions of an edited message are equal.

    Attributes:
        uuid: Its UUID.
        room: The space.
        person: The author.
        content: What it says.
        parent: The message whose thread it is in; None outside threads.
        mentioned: Whom it mentions.
        created: When it was posted.
        updated: When it was edited last; None if it was not.
        groups: The groups that it mentions: ``all`` or none.
        edits: How often it was edited.
        number: Its place in lists.
    """

    uuid: str
    room: Room = field(repr=False, compare=False)
    person: Person = field(repr=False, compare=False)
    content: Content = field(compare=False)
    parent: Message | None = field(repr=False, compare=False)
    mentioned: tuple[Person, ...] = field(repr=False, compare=False)
    created: datetime = field(repr=False, compare=False)
    updated: datetime | None = field(default=None, repr=False, compare=False)
    groups: tuple[str, ...] = field(default=(), repr=False, compare=False)
    edits: int = field(default=0, repr=False, compare=False)
    number: int = field(default_factory=ids.next_number, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("MESSAGE", self.uuid)

    @property
    def text(self) -> str:
        """The plain text."""
        return self.content.text

    @property
    def markdown(self) -> str | None:
        """The Markdown; None if it was not written in it."""
        return self.content.markdown

    @property
    def card(self) -> dict[str, Any] | None:
        """The Adaptive Card on the message; None without one."""
        return self.content.card


@dataclass(frozen=True)
class AttachmentAction:
    """A submitted card.

    Attributes:
        uuid: Its UUID.
        message: The message with the card.
        person: Who pressed the button.
        inputs: What was filled in, and the data of the button.
        created: When the button was pressed.
    """

    uuid: str
    message: Message
    person: Person
    inputs: Mapping[str, Any] = field(compare=False)
    created: datetime
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("ATTACHMENT_ACTION", self.uuid)
