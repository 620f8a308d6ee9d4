"""What people do in a sandbox: they write, fill in cards and log in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from . import browser
from .content import cards
from .inspection import Inspection
from .model.messages import AttachmentAction, Message
from .model.people import Person
from .model.rooms import Room
from .rest.request_bodies import content_of, parse_message

if TYPE_CHECKING:
    import requests


class PersonActions(Inspection):
    """What people do in a sandbox.

    Args:
        services: The parts of the sandbox.
    """

    def say(
        self,
        person: Person,
        room: Room,
        text: str,
        *,
        parent: Message | str | None = None,
        to: Person | None = None,
    ) -> Message:
        """Post a message in a space; ``@`` with a name mentions, as picking from the list does in Webex.

        Args:
            person: The author.
            room: The space.
            text: What the message says.
            parent: The message to reply to, or its id; None for a message outside threads.
            to: A person or bot to mention at the beginning, and nobody else.

        Raises:
            WebexError: The person is not in the space, or the text is too long.
        """
        content = content_of(parse_message({"text": f"@{to.display_name} {text}" if to else text}))
        parent_id = parent.uuid if isinstance(parent, Message) else parent
        return self._cloud.post(person, room, content, parent_id, picked=[to] if to else None)

    def submit(
        self,
        person: Person,
        message: Message,
        inputs: Mapping[str, Any] | None = None,
        *,
        action: int | str = 0,
    ) -> AttachmentAction:
        """Fill in a card and press one of its Action.Submit buttons.

        Args:
            person: Who does it.
            message: The message with the card.
            inputs: What is filled in, by the ids of the card's inputs.
            action: The button's title, or its number among the Action.Submit buttons, from 0.

        Raises:
            LookupError: There is no card, or no such button.
            WebexError: The person does not see the message, or a required input is empty.
        """
        visible = self._cloud.message(message.uuid, person)
        data = cards.submitted_data(visible.card or {}, inputs or {}, action)
        return self._cloud.submit(person, visible, data)

    @overload
    def log_in(self, url: str, as_person: Person, *, deny: bool = ...) -> requests.Response: ...
    @overload
    def log_in(
        self, url: str, as_person: Person, *, deny: bool = ..., stop_before_redirect: Literal[True]
    ) -> str: ...
    def log_in(
        self, url: str, as_person: Person, *, deny: bool = False, stop_before_redirect: bool = False
    ) -> requests.Response | str:
        """Open an authorization URL, approve or deny, and follow the redirect, as a browser does.

        Args:
            url: The authorization URL.
            as_person: Who logs in.
            deny: True to deny what the integration asks for.
            stop_before_redirect: True to stop before the browser opens the redirect URI.

        Returns:
            The application's answer; with ``stop_before_redirect``, the address that would be opened.

        Raises:
            ValueError: The authorization URL is refused.
        """
        return browser.log_in(url, as_person, deny=deny, stop_before_redirect=stop_before_redirect)
