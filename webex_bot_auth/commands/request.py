"""What webex_bot hands to a command: who asked, where, and for what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..logins.desk import WaitingCommand


@dataclass(slots=True)
class Request:
    """One call of a command by webex_bot.

    Attributes:
        message: text of the message without the keyword; the keyword for a card
        action: the message, or the attachment action of a card
        activity: the event that brought it
    """

    message: Any
    action: Any
    activity: Mapping[str, Any]

    @property
    def user_id(self) -> str:
        """Return who typed, or pressed the button: need not be the person to whom a card was sent."""
        return str(self.action.personId)

    @property
    def is_direct(self) -> bool:
        """Tell whether it comes from the 1:1 space."""
        target = self.activity.get("target") or {}
        return "ONE_ON_ONE" in (target.get("tags") or ())

    @property
    def is_card(self) -> bool:
        """Tell whether it is the submit of a card."""
        return hasattr(self.action, "inputs")

    def to_wait(self, name: str, asked: Iterable[str] = ()) -> WaitingCommand:
        """Return what is kept of it until its author has logged in.

        Args:
            name: what the author calls the command
            asked: scopes that are asked for because of it
        """
        return WaitingCommand(
            user_id=self.user_id,
            kind="card" if self.is_card else "message",
            id=str(self.action.id),
            display_name=_storable(name),
            activity=_storable(self.activity),
            asked=tuple(asked),
        )


def _storable(told: Any) -> Any:
    """Return what JSON can hold of it: a message may have a lone surrogate, which is no text."""
    return json.loads(json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "replace"))


def display_name(command: Any) -> str:
    """Return what a person calls a command."""
    return str(command.command_keyword or command.help_message or type(command).__name__)


class ResumedCard:
    """The submit of a card that runs after its author's login.

    webex_bot deletes the message of a card that has ``messageId``, and fails where it has done so before:
    here there is none.
    """

    def __init__(self, action: Any) -> None:
        self.action = action

    def __getattr__(self, name: str) -> Any:
        if name == "messageId":
            raise AttributeError(name)
        return getattr(self.action, name)


def original(action: Any) -> Any:
    """Return what a command gets: webex_bot's own object."""
    return action.action if isinstance(action, ResumedCard) else action
