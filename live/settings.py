"""The settings: the environment variables that the command line of the package reads, and the same rules."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from wxc_sdk.integration import Integration

from webex_bot_auth.administration.environment import (
    API_URL,
    AUTH_SERVICE,
    BOT_TOKEN,
    REDIRECT_URL,
    REQUIRED,
    SCOPES,
    TOKEN_SERVICE,
    Environment,
)

U2C = "U2C_SERVICE_URL"


class Settings:
    """What the checks need.

    Attributes:
        bot_token: The bot's access token.
        integration: The integration.
        api: The address of the REST API.
        u2c: The address of the service that knows all other addresses.

    Raises:
        ValueError: A setting is missing or wrong; the text says which.
    """

    def __init__(self) -> None:
        environment = Environment()
        if missing := [name for name in (*REQUIRED, SCOPES) if not environment.get(name)]:
            raise ValueError(f"set {', '.join(missing)}")
        for name in (*REQUIRED, SCOPES, AUTH_SERVICE, TOKEN_SERVICE, API_URL):
            if problem := environment.problem(name):
                raise ValueError(f"{name} {problem}")
        self.bot_token: str = environment.get(BOT_TOKEN)
        self.integration: Integration = environment.integration()
        self.api: str = (environment.get(API_URL) or "https://webexapis.com/v1").rstrip("/")
        self.u2c: str = (os.environ.get(U2C) or "https://u2c.wbx2.com/u2c/api/v1").rstrip("/")
        redirect = urlsplit(self.integration.redirect_url)
        if redirect.scheme != "http" or redirect.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError(
                f"{REDIRECT_URL} has to be http://localhost:PORT/..., as these checks listen there"
            )
