"""What is said in a space, and what is pressed on a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import ids
from .people import Person
from .rooms import Room


@dataclass(frozen=True)
class Content:
    """What a message says, whoever says it and wherever."""

    text: str = ""
    markdown: str | None = None
    html: str | None = None
    card: dict[str, Any] | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message; ``card`` is the Adaptive Card on it, ``parent`` the message whose thread it is in.

    It stays equal to itself when it is edited.
    """

    uuid: str
    room: Room = field(repr=False, compare=False)
    person: Person = field(repr=False, compare=False)
    content: Content = field(compare=False)
    parent: Message | None = field(repr=False, compare=False)
    mentioned: tuple[Person, ...] = field(repr=False, compare=False)
    created: datetime = field(repr=False, compare=False)
    updated: datetime | None = field(default=None, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The id in Webex's REST API."""
        return ids.encode("MESSAGE", self.uuid)

    @property
    def text(self) -> str:
        """The plain text."""
        return self.content.text

    @property
    def markdown(self) -> str | None:
        """The markdown, if it was written in it."""
        return self.content.markdown

    @property
    def card(self) -> dict[str, Any] | None:
        """The Adaptive Card on the message, or None."""
        return self.content.card


@dataclass(frozen=True)
class AttachmentAction:
    """A submitted card: who pressed the button of which message, with which inputs."""

    uuid: str
    message: Message
    person: Person
    inputs: Mapping[str, Any] = field(compare=False)
    created: datetime

    @property
    def id(self) -> str:
        """The id in Webex's REST API."""
        return ids.encode("ATTACHMENT_ACTION", self.uuid)
