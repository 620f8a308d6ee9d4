"""Settings of an administrator: the store from the command line, everything secret from the environment."""

from __future__ import annotations

import argparse
import os
from typing import Any

from wxc_sdk.integration import Integration

from ..errors import SettingError
from ..oauth import check_integration
from ..user_context import RedisTokenManager, YAMLTokenManager

KEYS = "WEBEX_BOT_AUTH_KEYS"
BOT_TOKEN = "WEBEX_BOT_TOKEN"  # noqa: S105 (the name of a setting)
CLIENT_ID = "WEBEX_CLIENT_ID"
CLIENT_SECRET = "WEBEX_CLIENT_SECRET"  # noqa: S105 (the name of a setting)
REDIRECT_URL = "WEBEX_REDIRECT_URL"
SCOPES = "WEBEX_SCOPES"
AUTH_SERVICE = "WEBEX_AUTH_SERVICE"
TOKEN_SERVICE = "WEBEX_TOKEN_SERVICE"  # noqa: S105 (the name of a setting)

#: what no bot can do without
REQUIRED = (BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URL)
#: what is needed to see who has logged in, and what is asked for where nothing is set
IDENTITY_SCOPE = "spark:people_read"

#: settings that wxc_sdk's integration is made from
_FIELDS = {
    CLIENT_ID: "client_id",
    CLIENT_SECRET: "client_secret",
    REDIRECT_URL: "redirect_url",
    SCOPES: "scopes",
    AUTH_SERVICE: "auth_service",
    TOKEN_SERVICE: "token_service",
}
#: in the place of settings that a command does not need
_NOTHING = {
    "client_id": "-",
    "client_secret": "-",
    "scopes": IDENTITY_SCOPE,
    "redirect_url": "https://localhost",
}

Store = YAMLTokenManager | RedisTokenManager


class Environment:
    """Settings that have an environment variable each."""

    def get(self, name: str) -> str:
        """A setting as it stands; empty where there is none."""
        return os.environ.get(name, "")

    def usable(self, name: str) -> str:
        """A setting; empty where it is missing or cannot be right."""
        return "" if self.problem(name) else self.get(name)

    def problem(self, name: str) -> str | None:
        """What is wrong with a setting that is there, without what it says; None: nothing."""
        value = self.get(name)
        if not value:
            return None
        if value != value.strip():
            return "begins or ends with white space"
        if not value.isascii() or not value.isprintable() or set(value) & set("\"'<>"):
            return "has characters that do not belong there, such as quotes"
        if " " in value and name != SCOPES:
            return "has a space in it"
        return _refusal(name, value)

    def keys(self) -> list[str]:
        """Encryption keys, the newest first."""
        return [key for key in self.get(KEYS).split(",") if key.strip()]

    def integration(self) -> Integration:
        """The integration that is configured; stand-ins for what is missing or wrong."""
        set_up: dict[str, Any] = {
            field: value for name, field in _FIELDS.items() if (value := self.usable(name))
        }
        return Integration(**{**_NOTHING, **set_up})


def _refusal(name: str, value: str) -> str | None:
    """Why the package would not start with this setting."""
    if name not in _FIELDS:
        return None
    settings: dict[str, Any] = {**_NOTHING, _FIELDS[name]: value}
    try:
        check_integration(Integration(**settings))
    except SettingError as error:
        return str(error).removeprefix(f"{error.setting}: ")
    return None


def open_store(options: argparse.Namespace, *, encryption_keys: list[str]) -> Store:
    """The store that the command line names. Nothing connects before it is used.

    :raises SettingError: it is malformed, or a key is
    """
    common: dict[str, Any] = {
        "bot_token": "-",  # nobody is told anything from here
        "integration": Environment().integration(),
        "encryption_keys": encryption_keys,
    }
    if options.yaml is not None:
        return YAMLTokenManager(yml_base=options.yaml, **common)
    url = os.environ.get("REDIS_URL") if options.redis_url == "env" else options.redis_url
    return RedisTokenManager(redis_url=url, key_prefix=options.key_prefix, **common)
