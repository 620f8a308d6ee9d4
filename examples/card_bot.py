"""A card whose submit acts for the person who presses its button, with a permission that only this needs.

python examples/card_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/card_bot.py                the real one; the settings are those of examples/starter.py

Everybody sees the card without a login. ``whoami`` asks for spark:people_read alone; the permission to create
spaces is asked for at the first submit, which runs by itself after that login.
"""

from __future__ import annotations

from typing import Any

from starter import Example, Settings, start
from webex_bot.models.command import Command
from webex_bot.models.response import Response, response_from_adaptive_card
from webex_bot.webex_bot import WebexBot
from webexpythonsdk.models.cards import AdaptiveCard, Text, TextBlock
from webexpythonsdk.models.cards.actions import Submit

from webex_bot_auth import TokenManager, UserTokenMixin, WhoamiCommand, YAMLTokenManager, requires_user_token

#: all that a login may ask for: they are checked in the integration at developer.webex.com
SCOPES = "spark:people_read spark:rooms_write"
SUBMITTED = "create_space"


class NewSpace(Command):  # type: ignore[misc]  # webex_bot has no types
    """Shows the card; as it does nothing for anybody, it has no guard."""

    def __init__(self) -> None:
        super().__init__(command_keyword="new space", help_message="Create a space")

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> Response:
        card = AdaptiveCard(
            body=[TextBlock("A new space"), Text(id="title", placeholder="Title", maxLength=100)],
            actions=[Submit(title="Create it", data={"callback_keyword": SUBMITTED})],
        )
        return response_from_adaptive_card(card)


class CreateSpace(UserTokenMixin, Command):  # type: ignore[misc]
    """Runs when the card is submitted. In a group, that need not be the person who asked for the card."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(card_callback_keyword=SUBMITTED, **kwargs)

    @requires_user_token(scopes=["spark:rooms_write"], reason="to create spaces")
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        title = attachment_actions.inputs["title"].strip()
        if not title:
            return "Please enter a title, and press the button again."
        space = self.user_api.rooms.create(title=title)  # by the person who has pressed the button
        return f"Done: “{space.title}” is yours."


def make_manager(settings: Settings) -> TokenManager:
    """A token manager whose logins ask for no more than is needed at that moment."""
    return YAMLTokenManager(
        settings.bot_token,
        settings.integration,
        yml_base=settings.file,
        login_scopes=["spark:people_read"],
    )


def make_bot(settings: Settings, tokens: TokenManager) -> WebexBot:
    """The bot with all its commands."""
    tokens.register_redirect(flask=settings.app)  # GET /redirect, as the integration's address says
    bot = WebexBot(teams_bot_token=settings.bot_token, bot_name="Card Bot", log_level=settings.log_level)
    bot.add_command(NewSpace())
    bot.add_command(CreateSpace(token_manager=tokens))
    bot.add_command(WhoamiCommand(token_manager=tokens))
    tokens.register_bot(bot=bot)  # login, logout, and resuming submits after a login
    return bot


STEPS = (
    "Type   whoami, and log in: the consent page asks for no more than who you are",
    "Type   new space, enter a title, and press Create it",
    "Press  the button of the login card that you get, and approve",
)
EXAMPLE = Example("Card Bot", SCOPES, make_manager, make_bot, STEPS)

if __name__ == "__main__":
    start(EXAMPLE)
