"""What Webex says to the bot's token and to the integration's id and secret, and what time it has."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import requests
from wxc_sdk.people import Person
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from ...errors import ClientRefused, GrantRefused, TokenServiceUnavailable
from ...oauth import WebexOAuth
from ...rest import quiet_api
from ...user_context.models import utc_now
from ..finding import Finding, ok, warning, wrong
from ..settings import BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, TOKEN_SERVICE
from .patient import Patient
from .settings import PORTAL

#: tokens with minutes left count as good here and are refused there if clocks differ by more; seconds
MOST_DIFFERENCE = 60.0
#: no refresh token of anybody's: a good client is told that it is none, a bad one that it is itself refused
NONSENSE = "webex-bot-auth-doctor"
OFFLINE = "look at the network, the proxy (HTTPS_PROXY) and the firewall"
LATER = "try again later, see https://status.webex.com"


def bot_token_and_clock(patient: Patient) -> Iterator[Finding]:
    """One question to ``people/me``; the clock is that of its answer."""
    token = patient.environment.usable(BOT_TOKEN)
    if not token:
        return  # the settings' line says it
    answers: list[requests.Response] = []
    api = quiet_api(Tokens(access_token=token))
    api.session.hooks["response"].append(lambda response, **_: answers.append(response))
    try:
        yield _bot(api.people.me())
    except RestError as error:
        yield _refused(error.response.status_code)
    except requests.RequestException as error:
        yield wrong("bot token", f"Webex cannot be reached ({type(error).__name__})", OFFLINE)
    except ValueError:
        yield _no_person()
    finally:
        api.session.close()
    yield _clock(answers)


def _bot(person: Person) -> Finding:
    if not person.person_id:
        return _no_person()
    name = person.display_name or "nobody with a name"
    kind = getattr(person.person_type, "value", person.person_type)  # wxc_sdk puts the enum's value there
    if kind != "bot":
        mend = f"put a bot's own token into {BOT_TOKEN}, from {PORTAL}"
        return wrong("bot token", f"belongs to {name}: {f'a {kind}' if kind else 'unknown'}, not a bot", mend)
    return ok("bot token", f"of the bot {name}")


def _no_person() -> Finding:
    told = "something else than Webex answers in its place"
    return wrong("bot token", told, "look for a proxy or login page on the way")


def _refused(status: int) -> Finding:
    if status in (401, 403):
        mend = f"renew the bot's token at {PORTAL}, and put it into {BOT_TOKEN}"
        return wrong("bot token", f"Webex refuses it (HTTP {status})", mend)
    return warning("bot token", f"not checked, Webex answers HTTP {status}", LATER)


def _clock(answers: list[requests.Response]) -> Finding:
    try:
        theirs = parsedate_to_datetime(answers[-1].headers["Date"]).timestamp()
    except (LookupError, ValueError, TypeError):
        return warning("clock", "not compared, as Webex told no time", "see the line on the bot token")
    ahead = utc_now().timestamp() - theirs
    if abs(ahead) > MOST_DIFFERENCE:
        told = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Webex's"
        return warning("clock", told, "let NTP set this machine's clock, else tokens expire at odd times")
    return ok("clock", "as Webex's")


def client_id_and_secret(patient: Patient) -> Iterator[Finding]:
    """A refresh with a nonsense token: what is refused, the token or the integration?"""
    environment = patient.environment
    broken_address = environment.get(TOKEN_SERVICE) and not environment.usable(TOKEN_SERVICE)
    if broken_address or not (environment.usable(CLIENT_ID) and environment.usable(CLIENT_SECRET)):
        return  # the settings' lines say it
    subject = "client id and secret"
    try:
        WebexOAuth(environment.integration()).refresh(Tokens(refresh_token=NONSENSE))
    except GrantRefused:
        yield ok(subject, "Webex takes them")
    except ClientRefused as error:
        yield _client_refused(subject, error)
    except TokenServiceUnavailable as error:
        yield _not_asked(subject, error)
    else:
        yield wrong(subject, "a nonsense token was taken", f"{TOKEN_SERVICE} is not a token endpoint")


def _client_refused(subject: str, error: ClientRefused) -> Finding:
    if error.status == 401 or error.error in ("invalid_client", "unauthorized_client"):
        mend = f"copy both from the integration's page at {PORTAL}; a lost secret can be renewed there"
        return wrong(subject, f"Webex refuses them (HTTP {error.status})", mend)
    told = f"the token endpoint answers HTTP {error.status}"
    return wrong(subject, told, f"look at {TOKEN_SERVICE}, which is best left unset")


def _not_asked(subject: str, error: TokenServiceUnavailable) -> Finding:
    if error.status is None:
        return wrong(subject, f"the token endpoint gives no usable answer ({error.error})", OFFLINE)
    return warning(subject, f"not checked, the token endpoint answers HTTP {error.status}", LATER)
