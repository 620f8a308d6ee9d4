"""The command that most tests run."""

from __future__ import annotations

from typing import Any

from webex_bot.models.command import Command

from webex_bot_auth import UserTokenMixin, requires_user_token


class Whoami(UserTokenMixin, Command):
    """Answers with the name of the person whose access token it has.

    Attributes:
        runs: the user id of each run
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"command_keyword": "whoami", "help_message": "Who am I?", **kwargs}
        super().__init__(**kwargs)
        self.runs: list[str] = []

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        self.runs.append(attachment_actions.personId)
        return f"You are {self.user_api.people.me().display_name}{message}"
