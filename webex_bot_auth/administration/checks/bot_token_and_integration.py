"""Checks whether Webex accepts the bot's token, and the integration's client id and secret."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import requests
from wxc_sdk.people import Person
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from ...errors import ClientRefused, GrantRefused, TokenServiceUnavailable
from ...ground.clock import utc_now
from ...webex.connections import Connections
from ...webex.oauth import WebexOAuth
from ...webex.rest import quiet_api
from ..environment import BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, TOKEN_SERVICE
from .check_result import CheckResult, error, ok, warning
from .configuration import Configuration
from .settings_and_scopes import PORTAL

#: between this machine's clock and Webex's, in seconds; with more, tokens expire there too early or too late
MAX_CLOCK_DIFFERENCE = 60.0
#: nobody's refresh token; if client id and secret are correct, Webex refuses this token, otherwise those
INVALID_REFRESH_TOKEN = "webex-bot-auth-doctor"  # noqa: S105 (not a secret)
CHECK_NETWORK = "check the network, the proxy (HTTPS_PROXY) and the firewall"
TRY_LATER = "try again later, see https://status.webex.com"


def check_bot_token_and_clock(configuration: Configuration) -> Iterator[CheckResult]:
    """One request to ``people/me`` shows whose token it is; its answer also has Webex's time."""
    token = configuration.environment.usable(BOT_TOKEN)
    if not token:
        return  # check_settings reports it
    answers: list[requests.Response] = []
    connections = Connections()
    api = quiet_api(Tokens(access_token=token), connections)
    api.session.hooks["response"].append(lambda response, **_: answers.append(response))
    try:
        yield _owner(api.people.me())
    except RestError as failure:
        yield _token_refused(failure.response.status_code)
    except requests.RequestException as failure:
        yield error("bot token", f"Webex cannot be reached ({type(failure).__name__})", CHECK_NETWORK)
    except ValueError:
        yield _not_webex()
    finally:
        connections.close()
    yield _clock(answers)


def _owner(person: Person) -> CheckResult:
    if not person.person_id:
        return _not_webex()
    name = person.display_name or "somebody without a name"
    kind = getattr(person.person_type, "value", person.person_type)  # wxc_sdk has the enum's value here
    if kind != "bot":
        fix = f"set {BOT_TOKEN} to the access token of a bot, from {PORTAL}"
        return error("bot token", f"belongs to {name} ({kind or 'unknown type'}), not to a bot", fix)
    return ok("bot token", f"belongs to the bot {name}")


def _not_webex() -> CheckResult:
    message = "something else answers in Webex's place"
    return error("bot token", message, "check whether there is a proxy or a login page in between")


def _token_refused(status: int) -> CheckResult:
    if status in (401, 403):
        fix = f"regenerate the bot's token at {PORTAL}, and set {BOT_TOKEN} to it"
        return error("bot token", f"Webex refuses it (HTTP {status})", fix)
    return warning("bot token", f"not checked: Webex answers HTTP {status}", TRY_LATER)


def _clock(answers: list[requests.Response]) -> CheckResult:
    try:
        webex_time = parsedate_to_datetime(answers[-1].headers["Date"]).timestamp()
    except (LookupError, ValueError, TypeError):
        return warning(
            "clock", "not checked: Webex did not send its time", "see the line about the bot token"
        )
    ahead = utc_now().timestamp() - webex_time
    if abs(ahead) > MAX_CLOCK_DIFFERENCE:
        message = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Webex's clock"
        fix = "synchronize this machine's clock with NTP, otherwise tokens expire too early or too late"
        return warning("clock", message, fix)
    return ok("clock", "same as Webex's")


def check_client_id_and_secret(configuration: Configuration) -> Iterator[CheckResult]:
    """A refresh with an invalid token: does Webex refuse the token, or already the integration?"""
    environment = configuration.environment
    malformed_address = environment.get(TOKEN_SERVICE) and not environment.usable(TOKEN_SERVICE)
    if malformed_address or not (environment.usable(CLIENT_ID) and environment.usable(CLIENT_SECRET)):
        return  # check_settings reports it
    subject = "client id and secret"
    try:
        WebexOAuth(environment.integration()).refresh(Tokens(refresh_token=INVALID_REFRESH_TOKEN))
    except GrantRefused:
        yield ok(subject, "accepted by Webex")
    except ClientRefused as failure:
        yield _client_refused(subject, failure)
    except TokenServiceUnavailable as failure:
        yield _not_checked(subject, failure)
    else:
        fix = f"check {TOKEN_SERVICE}: its address is not a token endpoint's"
        yield error(subject, "an invalid refresh token was accepted", fix)


def _client_refused(subject: str, failure: ClientRefused) -> CheckResult:
    if failure.status == 401 or failure.error in ("invalid_client", "unauthorized_client"):
        fix = f"copy both from the integration's page at {PORTAL}; a lost secret can be regenerated there"
        return error(subject, f"Webex refuses them (HTTP {failure.status})", fix)
    message = f"the token endpoint answers HTTP {failure.status}"
    return error(subject, message, f"check {TOKEN_SERVICE}, or unset it to use Webex's own")


def _not_checked(subject: str, failure: TokenServiceUnavailable) -> CheckResult:
    if failure.status is None:
        message = f"the token endpoint gives no usable answer ({failure.error})"
        return error(subject, message, CHECK_NETWORK)
    message = f"not checked: the token endpoint answers HTTP {failure.status}"
    return warning(subject, message, TRY_LATER)
