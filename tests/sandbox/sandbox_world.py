"""What the tests of the sandbox share: a sandbox with a bot and two people, and the bot's commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webex_bot.models.command import Command
from webex_bot.models.response import response_from_adaptive_card
from webex_bot.webex_bot import WebexBot
from webexpythonsdk.models.cards import AdaptiveCard, Text, TextBlock
from webexpythonsdk.models.cards.actions import OpenUrl, Submit

from webex_bot_auth.sandbox import Person, Room, Sandbox


@dataclass
class World:
    """A sandbox with a bot and two people.

    Attributes:
        cloud: The sandbox.
        bot: The bot.
        alice: One person.
        bob: Another person.
        direct: The 1:1 space of Alice and the bot.
        team: A group of all three.
    """

    cloud: Sandbox
    bot: Person
    alice: Person
    bob: Person
    direct: Room
    team: Room


class Hi(Command):
    """Answers ``hi`` with the author's email address and words."""

    def __init__(self) -> None:
        super().__init__(command_keyword="hi")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"hello {attachment_actions.personEmail}, you said{message}"


class Form(Command):
    """Answers ``form`` with a card to fill in."""

    def __init__(self) -> None:
        super().__init__(command_keyword="form", chained_commands=[FormFilled()])

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Any:
        return response_from_adaptive_card(
            AdaptiveCard(
                body=[TextBlock("What is it?"), Text(id="what", placeholder="What")],
                actions=[
                    OpenUrl(title="Read more", url="https://example.com/?a=1&b=2"),
                    Submit(title="Send", data={"callback_keyword": "form_filled"}),
                ],
            )
        )


class FormFilled(Command):
    """Answers the submitted card of ``Form``."""

    def __init__(self) -> None:
        super().__init__(card_callback_keyword="form_filled")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"{activity['actor']['emailAddress']} filled in {attachment_actions.inputs['what']}"


def make_bot(token: str) -> WebexBot:
    """Return a bot with the commands of this module, which is not running yet."""
    bot = WebexBot(teams_bot_token=token, log_level="CRITICAL")
    for command in (Hi(), Form()):
        bot.add_command(command)
    return bot
