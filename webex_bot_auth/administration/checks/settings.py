"""Are the settings there, and can they be right at all? Nothing is asked of anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..finding import Finding, ok, warning, wrong
from ..settings import (
    AUTH_SERVICE,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    IDENTITY_SCOPE,
    REDIRECT_URL,
    REQUIRED,
    SCOPES,
    TOKEN_SERVICE,
)
from .patient import Patient

PORTAL = "https://developer.webex.com/my-apps"
WHERE = {
    BOT_TOKEN: f"a bot's access token, shown once when the bot is made or its token renewed at {PORTAL}",
    CLIENT_ID: f"shown on the integration's page at {PORTAL}",
    CLIENT_SECRET: f"shown once when the integration is made or its secret renewed at {PORTAL}",
    REDIRECT_URL: f"as entered in the integration at {PORTAL}, such as http://localhost:5000/redirect",
    AUTH_SERVICE: "leave it unset for Webex's own",
    TOKEN_SERVICE: "leave it unset for Webex's own",
}
#: one scope of RFC 6749 section 3.3, with the colon between family and name that Webex's have
_SCOPE = re.compile(r"[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+")


def settings(patient: Patient) -> Iterator[Finding]:
    """A line for each setting that is missing or malformed, or one for all."""
    needed = [name for name in REQUIRED if not (patient.device and name == REDIRECT_URL)]
    found = [finding for name in WHERE if (finding := _setting(patient, name, needed=name in needed))]
    yield from found or [ok("settings", "all there")]


def _setting(patient: Patient, name: str, *, needed: bool) -> Finding | None:
    if not patient.environment.get(name):
        return wrong(name, "is not set", WHERE[name]) if needed else None
    problem = patient.environment.problem(name)
    return wrong(name, problem, WHERE[name]) if problem else None


def scopes(patient: Patient) -> Iterator[Finding]:
    """Scopes are well-formed, and those that a login needs are among them."""
    asked = patient.environment.get(SCOPES).split()
    if not asked:
        mend = f"set {SCOPES} to what the bot asks for, to have it checked"
        yield warning("scopes", f"{SCOPES} is not set, {IDENTITY_SCOPE} is assumed", mend)
    elif malformed := [scope for scope in asked if not _SCOPE.fullmatch(scope)]:
        told = f"{len(malformed)} of {len(asked)} cannot be a scope"
        yield wrong("scopes", told, "write them with spaces between, without commas or quotes")
    elif IDENTITY_SCOPE not in asked and "spark:all" not in asked:
        mend = f"add it to {SCOPES}, in the bot and in the integration at {PORTAL}"
        yield wrong("scopes", f"{IDENTITY_SCOPE} is missing, which tells who has logged in", mend)
    else:
        yield ok("scopes", " ".join(asked))
