"""A bot at work: the sandbox, the app that serves the redirect, a token manager, and the real WebexBot."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot

from webex_bot_auth import TokenManager, UserTokenMixin, requires_user_token
from webex_bot_auth.sandbox import Message, Person, Room, Sandbox, open_url

LOOK_IN_DIRECT = "Please look at our 1:1 space: I have sent you a private message there."


class Whoami(UserTokenMixin, Command):
    """Answers with the name that belongs to the token it runs with."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"command_keyword": "whoami", "help_message": "Who am I?", **kwargs}
        super().__init__(**kwargs)
        self.runs: list[str] = []

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        self.runs.append(attachment_actions.personId)
        return f"You are {self.user_api.people.me().display_name}{message}"


@dataclass
class World:
    """One bot and what it needs."""

    cloud: Sandbox
    manager: TokenManager
    echo: Person
    bot: WebexBot

    def direct(self, person: Person) -> Room:
        return self.cloud.direct(person, self.echo)

    def group(self, *people: Person) -> Room:
        return self.cloud.group("Team", [*people, self.echo])

    def answer(self, asked: Message, where: Callable[[Message], object] | None = None) -> Message:
        """What the bot says next in the space where it was asked."""
        return self.cloud.wait_for_message(asked.room, where, person=self.echo, after=asked)

    def ask(self, person: Person, text: str) -> Message:
        """Say something in the 1:1 space, and give the answer."""
        return self.answer(self.cloud.say(person, self.direct(person), text))

    def login_card(self, person: Person, after: Message | None = None) -> Message:
        """The login card that a person gets in the 1:1 space."""
        return self.cloud.wait_for_message(
            self.direct(person), lambda message: message.card, person=self.echo, after=after
        )

    def press_login(self, card: Message, person: Person, *, deny: bool = False) -> requests.Response:
        """Press the card's button and log in as a person."""
        return self.cloud.log_in(open_url(card.card), person, deny=deny)

    def log_in(self, person: Person) -> None:
        """Ask for a login, and log in."""
        card = self.login_card(person, after=self.cloud.say(person, self.direct(person), "login"))
        assert self.press_login(card, person).status_code == 200
        self.cloud.wait_for_message(
            self.direct(person), lambda message: "You are logged in" in message.text, after=card
        )

    def said(self, room: Room) -> list[str]:
        """What the bot has said in a space."""
        return [message.text for message in self.cloud.messages(room) if message.person == self.echo]


@contextlib.contextmanager
def world(
    cloud: Sandbox,
    serve: Callable[[Flask], str],
    make: Callable[..., TokenManager],
    *commands: Callable[..., Command],
    scopes: list[str] | None = None,
    **register: Any,
) -> Iterator[World]:
    """Run a bot with these commands.

    :param make: makes the manager, from a bot token and an integration
    """
    echo = cloud.add_bot("Echo Bot")
    app = Flask("bot")
    integration = cloud.integration(f"{serve(app)}/redirect", scopes or ["spark:people_read"])
    with quiet_root(), make(echo.token, integration) as manager:
        manager.register_redirect(flask=app)
        bot = WebexBot(teams_bot_token=echo.token)
        for command in commands:
            bot.add_command(command(token_manager=manager))
        manager.register_bot(bot=bot, **register)
        with cloud.run_bot(bot):
            yield World(cloud, manager, echo, bot)


@contextlib.contextmanager
def quiet_root() -> Iterator[None]:
    """webex_bot configures the root logger; a test shall not leave that to the next one."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
