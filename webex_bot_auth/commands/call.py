"""One call of a command: who asked, where, and with which login."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wxc_sdk import WebexSimpleApi

from ..errors import OutsideGuardedCall
from ..rest import user_api
from ..user_context.models import InterruptedCommand, UserContext


@dataclass(slots=True)
class Request:
    """What webex_bot hands to a command.

    :ivar message: text of the message without the keyword; the keyword for a card
    :ivar action: the message, or the attachment action of a card
    :ivar activity: the event that brought it
    """

    message: Any
    action: Any
    activity: Mapping[str, Any]

    @property
    def user_id(self) -> str:
        """Who typed, or pressed the button: need not be the person a card was sent for."""
        return str(self.action.personId)

    @property
    def is_direct(self) -> bool:
        target = self.activity.get("target") or {}
        return "ONE_ON_ONE" in (target.get("tags") or ())

    @property
    def is_card(self) -> bool:
        return hasattr(self.action, "inputs")

    def words(self, command: Any) -> str:
        """What the person would call this request."""
        return str(command.command_keyword or command.help_message or type(command).__name__)

    def to_resume(self, command: Any) -> InterruptedCommand:
        return InterruptedCommand(
            user_id=self.user_id,
            kind="card" if self.is_card else "message",
            id=str(self.action.id),
            words=self.words(command),
            activity=dict(self.activity),
        )


@dataclass
class Call:
    """A guarded call that is running.

    :ivar command: the command; its instances are shared by threads, so what belongs to a call is kept here
    :ivar entrance: by which of webex_bot's ways it was entered
    :ivar request: what it answers
    :ivar context: the caller's login
    """

    command: Any
    entrance: str
    request: Request
    context: UserContext

    @cached_property
    def api(self) -> WebexSimpleApi:
        return user_api(self.context.tokens)

    def close(self) -> None:
        """Free the connections that the call has used."""
        if "api" in self.__dict__:
            self.api.session.close()


current_call: ContextVar[Call | None] = ContextVar("webex_bot_auth_call", default=None)


def running(command: Any, attribute: str) -> Call:
    """The guarded call of this command that runs in this thread.

    :raises OutsideGuardedCall: there is none
    """
    call = current_call.get()
    if call is None or call.command is not command:
        raise OutsideGuardedCall(attribute)
    return call


class ResumedCard:
    """The submit of a card, for the second time: webex_bot shall not delete its message once more.

    webex_bot deletes the message of a card that has ``messageId``, and fails where it has done so before.
    """

    def __init__(self, action: Any) -> None:
        self.action = action

    def __getattr__(self, name: str) -> Any:
        if name == "messageId":
            raise AttributeError(name)
        return getattr(self.action, name)


def original(action: Any) -> Any:
    """What a command gets to see: webex_bot's own object."""
    return action.action if isinstance(action, ResumedCard) else action
