"""The settings that an administrator gives in environment variables, among them everything secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from ..errors import SettingError
from ..logins.contexts import ANY_INTEGRATION
from ..webex.oauth import IDENTITY_SCOPE, check_integration, problem_of_text

KEYS = "WEBEX_BOT_AUTH_KEYS"
BOT_TOKEN = "WEBEX_BOT_TOKEN"  # noqa: S105 (the name of a setting)
CLIENT_ID = "WEBEX_CLIENT_ID"
CLIENT_SECRET = "WEBEX_CLIENT_SECRET"  # noqa: S105 (the name of a setting)
REDIRECT_URL = "WEBEX_REDIRECT_URL"
SCOPES = "WEBEX_SCOPES"
AUTH_SERVICE = "WEBEX_AUTH_SERVICE"
TOKEN_SERVICE = "WEBEX_TOKEN_SERVICE"  # noqa: S105 (the name of a setting)
API_URL = "WEBEX_API_URL"
REDIS_URL = "REDIS_URL"
SQL_URL = "SQL_URL"
#: where `copy` writes to, and with which keys; without them, as where it reads from
TO_URL = "WEBEX_BOT_AUTH_TO_URL"
TO_KEYS = "WEBEX_BOT_AUTH_TO_KEYS"
REDIS_KEY_PREFIX = "REDIS_KEY_PREFIX"

#: settings that every bot needs
REQUIRED = (BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URL)

#: settings of wxc_sdk's integration, with the names of its fields
_INTEGRATION_FIELDS = {
    CLIENT_ID: "client_id",
    CLIENT_SECRET: "client_secret",
    REDIRECT_URL: "redirect_url",
    SCOPES: "scopes",
    AUTH_SERVICE: "auth_service",
    TOKEN_SERVICE: "token_service",
}
#: stand in for settings that a command does not need
_PLACEHOLDERS = {
    "client_id": ANY_INTEGRATION,
    "client_secret": "-",
    "scopes": IDENTITY_SCOPE,
    "redirect_url": "https://localhost",
}


class Environment:
    """The settings that have an environment variable each."""

    def get(self, name: str) -> str:
        """A setting exactly as it is set; empty if it is not set."""
        return os.environ.get(name, "")

    def usable(self, name: str) -> str:
        """A setting; empty if it is not set or cannot be correct."""
        return "" if self.problem(name) else self.get(name)

    def problem(self, name: str) -> str | None:
        """Return what is wrong with a setting.

        Returns:
            a text that does not quote the setting, as it may be secret; None: nothing is wrong
        """
        value = self.get(name)
        if not value:
            return None
        if problem := problem_of_text(value, spaces=name == SCOPES):
            return problem
        # where the REST API is, has to be as safe as where tokens come from
        return _integration_problem(TOKEN_SERVICE if name == API_URL else name, value)

    def keys(self, name: str = KEYS) -> list[str]:
        """The encryption keys, the newest first."""
        return [key for key in self.get(name).split(",") if key.strip()]

    def integration(self) -> Integration:
        """The configured integration, with placeholders for settings that are missing or wrong."""
        configured: dict[str, Any] = {
            field: value for name, field in _INTEGRATION_FIELDS.items() if (value := self.usable(name))
        }
        return Integration(**{**_PLACEHOLDERS, **configured})


@contextmanager
def rest_api(*, is_checked: bool) -> Iterator[None]:
    """Use the REST API at the configured address, where there is one, for the length of the block.

    Args:
        is_checked: a malformed address is reported by a check

    Raises:
        SettingError: the address is malformed
    """
    environment, before = Environment(), RestSession.BASE
    if (problem := environment.problem(API_URL)) and not is_checked:
        raise SettingError(API_URL, problem)
    RestSession.BASE = environment.usable(API_URL).rstrip("/") or before
    try:
        yield
    finally:
        RestSession.BASE = before


def _integration_problem(name: str, value: str) -> str | None:
    """Return why a token manager would refuse an integration with this setting."""
    if name not in _INTEGRATION_FIELDS:
        return None
    settings: dict[str, Any] = {**_PLACEHOLDERS, _INTEGRATION_FIELDS[name]: value}
    try:
        check_integration(Integration(**settings))
    except SettingError as error:
        return str(error).removeprefix(f"{error.setting}: ")
    return None
