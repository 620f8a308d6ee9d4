"""Checks whether redirect address and scopes are registered, by what Webex answers before anybody logs in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from copy import copy
from urllib.parse import parse_qs, urlsplit

import requests
from wxc_sdk.integration import Integration

from ...webex.bounded_http import let_use
from ...webex.connections import Connections
from ...webex.oauth import WebexOAuth, new_verifier
from ...webex.rest import OWN
from ..environment import AUTH_SERVICE, CLIENT_ID, REDIRECT_URL, SCOPES
from .check_result import CheckResult, error, ok, warning
from .configuration import Configuration
from .settings_and_scopes import PORTAL

#: nobody's scope, and nobody's path: an endpoint that lets these pass checks them after the login
NO_SCOPE = "spark:webex_bot_auth_doctor"
NO_PATH = "/webex-bot-auth-doctor"
_COMPARE = f"compare with {PORTAL}"


def check_registration(configuration: Configuration) -> Iterator[CheckResult]:
    """Ask for a login with the settings, and with some that cannot be registered.

    Only where Webex refuses the latter, its silence about the former says that they are registered.
    """
    environment = configuration.environment
    names = (CLIENT_ID, REDIRECT_URL, *([AUTH_SERVICE] if environment.get(AUTH_SERVICE) else []))
    if configuration.device or not all(environment.usable(name) for name in names):
        return  # other checks report it
    integration, connections = environment.integration(), Connections()
    scopes = list(integration.scopes)
    try:
        refusal = _refusal(integration, scopes, connections)
        if refusal is None:
            yield from _silence(integration, scopes, connections)
        elif refusal == "invalid_scope":
            refused = [one for one in scopes if _refusal(integration, [one], connections) == refusal]
            fix = f"tick what is missing at {PORTAL}, or take it out of {SCOPES} and of the bot"
            yield ok("registered redirect address", "known to Webex")
            yield error("registered scopes", f"Webex refuses {' '.join(refused or scopes)}", fix)
        elif refusal == "redirect_uri":
            fix = f"add exactly this address at {PORTAL}, or set {REDIRECT_URL} to one of those there"
            yield error("registered redirect address", f"Webex refuses that of {REDIRECT_URL}", fix)
        else:
            message = f"Webex refuses the login ({refusal})"
            yield error("registration", message, f"{_COMPARE}: client id, redirect address and scopes")
    except _NotTold as reason:
        yield warning("registration", f"not checked: {reason}", f"{_COMPARE}: redirect address and scopes")
    finally:
        connections.close()


class _NotTold(Exception):
    """There is no answer, or one from which nothing follows."""


def _silence(integration: Integration, scopes: list[str], connections: Connections) -> Iterator[CheckResult]:
    """Webex has nothing against the settings: would it have, if they were wrong?"""
    elsewhere = copy(integration)
    elsewhere.redirect_url = urlsplit(integration.redirect_url)._replace(path=NO_PATH).geturl()
    for subject, asks, asked in (
        ("registered redirect address", elsewhere, scopes),
        ("registered scopes", integration, [*scopes, NO_SCOPE]),
    ):
        if _refusal(asks, asked, connections) is None:
            message = "not checked: Webex answers with its login page, whatever is asked for"
            yield warning(subject, message, _COMPARE)
        else:
            yield ok(subject, "known to Webex")


def _refusal(integration: Integration, scopes: list[str], connections: Connections) -> str | None:
    """Ask for a login; return why Webex refuses it before it knows who asks; None: a page to log in at.

    Raises:
        _NotTold: it does not answer
    """
    state, verifier = secrets.token_urlsafe(24), new_verifier()
    url = WebexOAuth(integration).authorization_url(state=state, scopes=scopes, verifier=verifier)
    try:
        with requests.Session() as session:
            let_use(session, connections, OWN)
            answer = session.get(url, allow_redirects=False)
    except requests.RequestException as failure:
        raise _NotTold(f"the authorization endpoint does not answer ({type(failure).__name__})") from None
    status = answer.status_code
    if answer.is_redirect:
        back = answer.headers["Location"]
        codes = parse_qs(urlsplit(back).query).get("error", [])
        return codes[0][:40] if codes and back.startswith(integration.redirect_url) else None
    if status in (400, 401, 403):
        names_it = re.search("redirect.?(uri|url)", answer.text, re.IGNORECASE)
        return "redirect_uri" if names_it else f"HTTP {status}"
    if status != 200:
        raise _NotTold(f"the authorization endpoint answers HTTP {status}")
    return None
