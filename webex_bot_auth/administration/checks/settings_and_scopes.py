"""Checks that the settings are there and well-formed, without asking Webex."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...ground.scopes import lacking
from ...webex.oauth import IDENTITY_SCOPE
from ..environment import (
    API_URL,
    AUTH_SERVICE,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URL,
    REQUIRED,
    SCOPES,
    TOKEN_SERVICE,
)
from .check_result import CheckResult, error, ok, warning
from .configuration import Configuration

PORTAL = "https://developer.webex.com/my-apps"
#: what to do if a setting is missing or malformed
HOW_TO_SET = {
    BOT_TOKEN: (
        f"set it to the bot's access token: {PORTAL} shows it once, when the bot is created or its token is "
        "regenerated"
    ),
    CLIENT_ID: f"copy it from the integration's page at {PORTAL}",
    CLIENT_SECRET: (
        f"copy it from {PORTAL}, which shows it once, when the integration is created or its secret is "
        "regenerated"
    ),
    REDIRECT_URL: (
        f"set it to the integration's redirect URI at {PORTAL}, for example http://localhost:8911/redirect"
    ),
    API_URL: "unset it to use Webex's own",
    AUTH_SERVICE: "unset it to use Webex's own",
    TOKEN_SERVICE: "unset it to use Webex's own",
}
#: one scope of RFC 6749 section 3.3, in which Webex puts a colon between family and name
_SCOPE = re.compile(r"[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+")


def check_settings(configuration: Configuration) -> Iterator[CheckResult]:
    """One result for each setting that is missing or malformed, or one for all."""
    required = [name for name in REQUIRED if not (configuration.device and name == REDIRECT_URL)]
    problems = [
        result for name in HOW_TO_SET if (result := _problem(configuration, name, required=name in required))
    ]
    yield from problems or [ok("settings", "complete")]


def _problem(configuration: Configuration, name: str, *, required: bool) -> CheckResult | None:
    if not configuration.environment.get(name):
        return error(name, "is not set", HOW_TO_SET[name]) if required else None
    problem = configuration.environment.problem(name)
    return error(name, problem, HOW_TO_SET[name]) if problem else None


def check_scopes(configuration: Configuration) -> Iterator[CheckResult]:
    """The scopes are well-formed, and contain the one that every login needs."""
    scopes = configuration.environment.get(SCOPES).split()
    if not scopes:
        message = f"{SCOPES} is not set, {IDENTITY_SCOPE} is assumed"
        yield warning("scopes", message, f"set {SCOPES} to the scopes that the bot asks for")
    elif malformed := [scope for scope in scopes if not _SCOPE.fullmatch(scope)]:
        message = f"{len(malformed)} of {len(scopes)} cannot be a scope"
        yield error("scopes", message, "separate scopes with spaces, without commas or quotes")
    elif lacking(scopes, [IDENTITY_SCOPE]):
        fix = f"add it to {SCOPES}, to the bot, and to the integration at {PORTAL}"
        yield error("scopes", f"{IDENTITY_SCOPE} is missing, which shows who has logged in", fix)
    else:
        yield ok("scopes", " ".join(scopes))
