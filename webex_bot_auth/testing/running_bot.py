"""A bot that runs in a sandbox, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from ..sandbox import Message, NoSuchMessageError, Person, Room, Sandbox, open_url
from ..user_context import TokenManager

#: what a message has to be: a part of its text, or a condition; None: any message
Wanted = str | Callable[[Message], object] | None


class RunningBot:
    """A bot that runs in a sandbox: what :meth:`WebexSandbox.run` returns.

    Methods that wait for a message wait up to 30 seconds. If it does not come, the error says which messages
    there were instead.

    Attributes:
        sandbox: where the bot runs
        person: the bot as people see it
        webex_bot: the :class:`webex_bot.webex_bot.WebexBot`
        manager: the bot's token manager
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
        """Return what the bot has said in a space, or 1:1 to a person."""
        where = self.direct(room) if isinstance(room, Person) else room
        return [message.text for message in self.sandbox.messages(where) if message.person == self.person]

    # -- messages

    def hears(self, person: Person, text: str, *, room: Room | None = None) -> Message:
        """Say something to the bot.

        Args:
            person: who says it
            text: the message
            room: where; in a group space the bot is mentioned. None: the person's 1:1 space with the bot

        Returns:
            the message
        """
        if room is None or room.is_direct:
            return self.sandbox.say(person, room or self.direct(person), text)
        return self.sandbox.say(person, room, text, to=self.person)

    def answer_to(self, asked: Message, wanted: Wanted = None) -> Message:
        """Wait for the bot's answer, in the space where it was asked. A login card is no answer.

        Args:
            asked: a message; only messages after it count
            wanted: a text that the answer contains, or a condition that it fulfils; None: any message

        Returns:
            the first such message of the bot

        Raises:
            NoSuchMessageError: there is none within 30 seconds
        """

        def fits(message: Message) -> bool:
            if self._is_login(message):
                return False
            return (
                wanted in message.text if isinstance(wanted, str) else wanted is None or bool(wanted(message))
            )

        try:
            return self.sandbox.wait_for_message(asked.room, fits, person=self.person, after=asked)
        except NoSuchMessageError as error:
            name, cards = asked.person.display_name, filter(self._is_login, self.sandbox.messages())
            if all(card.created < asked.created or asked.person not in card.room.people for card in cards):
                raise
            raise NoSuchMessageError(
                f"{name} got a login card, but no such answer: log {name} in first with bot.log_in(person), "
                f"or press the card's button with bot.press_login(bot.login_card(person), person).\n{error}"
            ) from None

    def ask(self, person: Person, text: str, *, room: Room | None = None) -> Message:
        """Say something to the bot, and wait for its answer.

        Args:
            person: who says it
            text: the message
            room: as for :meth:`hears`

        Returns:
            the answer, which is no login card

        Raises:
            NoSuchMessageError: there is none within 30 seconds
        """
        return self.answer_to(self.hears(person, text, room=room))

    # -- logins

    def login_card(self, person: Person, *, after: Message | None = None) -> Message:
        """Wait for a login card, which a person always gets in the 1:1 space.

        Args:
            person: who gets it
            after: a message; only cards after it count. None: any card

        Returns:
            the first login card whose button :meth:`press_login` has not pressed yet

        Raises:
            NoSuchMessageError: there is none within 30 seconds
        """
        return self.sandbox.wait_for_message(
            self.direct(person),
            lambda message: self._is_login(message) and message not in self._pressed,
            person=self.person,
            after=after,
        )

    def press_login(self, card: Message, person: Person, *, deny: bool = False) -> requests.Response:
        """Press the button of a login card, and approve or deny the login.

        Args:
            card: the message with the login card
            person: who logs in
            deny: deny the login

        Returns:
            the page that the person sees at the end: status 200 after a login, 403 after a refusal

        Raises:
            LookupError: the card has no such button
        """
        url = open_url(card.card or {})
        self._pressed.add(card)
        code = parse_qs(urlsplit(url).query).get("userCode")
        if not code:
            return self.sandbox.log_in(url, person, deny=deny)
        decision = {"user_code": code[0], "person": person.id, "decision": "deny" if deny else "approve"}
        return requests.post(f"{self.sandbox.url}/device", data=decision, timeout=30)

    def log_in(self, person: Person, *, scopes: Iterable[str] = ()) -> None:
        """Log a person in, from the login card to the bot's answer, for a test that begins after that.

        Args:
            person: who logs in
            scopes: scopes to ask for; empty: what a login asks for

        Raises:
            AssertionError: the person is not logged in afterwards
        """
        earlier = self.sandbox.messages(self.direct(person))
        self.manager.request_login(user_id=person.id, scopes=scopes)
        card = self.login_card(person, after=earlier[-1] if earlier else None)
        self.press_login(card, person)
        answer = self.answer_to(card).text
        if self.manager.get_user_context(user_id=person.id) is None:
            raise AssertionError(f"{person.display_name} is not logged in: {answer}")

    def _is_login(self, message: Message) -> bool:
        try:
            url = open_url(message.card or {})
        except LookupError:
            return False
        return url.startswith((f"{self.sandbox.url}/v1/authorize", f"{self.sandbox.url}/device"))
