"""A bot at work in a sandbox, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from ..sandbox import Message, Person, Room, Sandbox, open_url
from ..user_context import TokenManager

#: a part of the text, or whatever else has to hold
Wanted = str | Callable[[Message], object] | None


class RunningBot:
    """What :meth:`WebexSandbox.run` gives.

    Whatever waits, waits 10 seconds at most, and then says what was said instead.

    :ivar person: the bot as the others see it
    :ivar webex_bot: the :class:`webex_bot.webex_bot.WebexBot`
    :ivar manager: its token manager
    """

    def __init__(self, sandbox: Sandbox, person: Person, webex_bot: Any, manager: TokenManager) -> None:
        self.sandbox = sandbox
        self.person = person
        self.webex_bot = webex_bot
        self.manager = manager
        self._pressed: set[Message] = set()

    # -- spaces

    def direct(self, person: Person) -> Room:
        """The 1:1 space of a person and the bot."""
        return self.sandbox.direct(person, self.person)

    def group(self, *people: Person, title: str = "Team") -> Room:
        """A new space of these people and the bot."""
        return self.sandbox.group(title, [*people, self.person])

    def said(self, room: Room | Person) -> list[str]:
        """What the bot has said in a space, or 1:1 to a person."""
        where = self.direct(room) if isinstance(room, Person) else room
        return [message.text for message in self.sandbox.messages(where) if message.person == self.person]

    # -- talk

    def hears(self, person: Person, text: str, *, room: Room | None = None) -> Message:
        """Somebody says something to the bot: 1:1, or in a group, where the bot is mentioned."""
        if room is None or room.is_direct:
            return self.sandbox.say(person, room or self.direct(person), text)
        return self.sandbox.say(person, room, text, to=self.person)

    def answer_to(self, asked: Message, wanted: Wanted = None) -> Message:
        """What the bot says next in the space where it was asked.

        :param asked: any message; what was said before it does not count
        :param wanted: wait for a message with this text in it, or for which this holds
        :raises NoSuchMessageError: it says nothing like it
        """
        where = (lambda message: wanted in message.text) if isinstance(wanted, str) else wanted
        return self.sandbox.wait_for_message(asked.room, where, person=self.person, after=asked)

    def ask(self, person: Person, text: str, *, room: Room | None = None) -> Message:
        """Say something to the bot, and give its answer."""
        return self.answer_to(self.hears(person, text, room=room))

    # -- logins

    def login_card(self, person: Person, *, after: Message | None = None) -> Message:
        """The login card that a person gets 1:1, wherever it was asked for; the first unused one.

        :raises NoSuchMessageError: there is none
        """
        return self.sandbox.wait_for_message(
            self.direct(person), self._is_unused_login, person=self.person, after=after
        )

    def press_login(self, card: Message, person: Person, *, deny: bool = False) -> requests.Response:
        """Press a login card's button, and approve or deny as a person.

        :return: the page that the person sees then: 200 after a login, 403 after a refusal
        :raises LookupError: there is no such button
        """
        url = open_url(card.card or {})
        self._pressed.add(card)
        code = parse_qs(urlsplit(url).query).get("userCode")
        if not code:
            return self.sandbox.log_in(url, person, deny=deny)
        decision = {"user_code": code[0], "person": person.id, "decision": "deny" if deny else "approve"}
        return requests.post(f"{self.sandbox.url}/device", data=decision, timeout=10)

    def log_in(self, person: Person, *, scopes: Iterable[str] = ()) -> None:
        """A whole login, for a test that begins after it.

        :param scopes: scopes to grant; the integration's own where empty
        :raises AssertionError: the person is not logged in after it
        """
        stands = self.sandbox.messages(self.direct(person))
        self.manager.request_login(user_id=person.id, scopes=scopes)
        card = self.login_card(person, after=stands[-1] if stands else None)
        self.press_login(card, person)
        told = self.answer_to(card).text
        if self.manager.get_user_context(user_id=person.id) is None:
            raise AssertionError(f"{person.display_name} is not logged in: {told}")

    def _is_unused_login(self, message: Message) -> bool:
        try:
            url = open_url(message.card or {})
        except LookupError:
            return False
        return url.startswith(self.sandbox.url) and message not in self._pressed
