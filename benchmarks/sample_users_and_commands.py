"""Sample user ids, tokens and commands, as long as real ones are."""

from __future__ import annotations

import base64
import datetime
import secrets
import uuid
from types import SimpleNamespace
from typing import Any

from webex_bot.models.command import Command
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserContext, requires_user_token

#: characters of an access or refresh token of Webex
TOKEN_CHARACTERS = 105

#: the same in all processes of a benchmark
INTEGRATION = Integration(
    client_id="C" + "0123456789abcdef" * 4,
    client_secret="0123456789abcdef" * 4,
    scopes=["spark:people_read"],
    redirect_url="https://bot.example.com/redirect",
)


def person_id() -> str:
    """A new person id, in the form in which Webex writes it."""
    return base64.b64encode(f"ciscospark://us/PEOPLE/{uuid.uuid4()}".encode()).decode().rstrip("=")


def context(user_id: str, *, days: float = 14) -> UserContext:
    """A user's context with random tokens.

    Args:
        user_id: the user
        days: until the access token expires
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    return UserContext(
        user_id=user_id,
        tokens=Tokens(
            access_token=secrets.token_urlsafe(TOKEN_CHARACTERS)[:TOKEN_CHARACTERS],
            refresh_token=secrets.token_urlsafe(TOKEN_CHARACTERS)[:TOKEN_CHARACTERS],
            expires_in=1209599,
            expires_at=now + datetime.timedelta(days=days),
            refresh_token_expires_in=7775999,
            refresh_token_expires_at=now + datetime.timedelta(days=90),
            token_type="Bearer",
            scope="spark:people_read spark:rooms_read spark:messages_write",
        ),
    )


class Echo(Command):  # type: ignore[misc]  # webex_bot has no types
    """A command without a guard.

    Args:
        keyword: what to type
        options: see webex_bot's ``Command``
    """

    def __init__(self, keyword: str = "echo", **options: Any) -> None:
        super().__init__(command_keyword=keyword, help_message="echo", **options)

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"answer {message.strip()}"


@requires_user_token
class GuardedEcho(Echo):
    """The same command with a guard."""


def call_of(user_id: str) -> tuple[str, Any, Any]:
    """The arguments with which webex_bot calls a command: message, action and activity."""
    action = SimpleNamespace(personId=user_id, id="message")
    return "hello", action, {"target": {"tags": ["ONE_ON_ONE"]}}
