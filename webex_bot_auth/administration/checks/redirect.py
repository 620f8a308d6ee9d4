"""Does the redirect address lead to this package's page?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

import requests

from ...oauth import is_loopback
from ...redirect.view import HEADERS, PATH
from ...rest import CONNECT_SECONDS, OWN_READ_SECONDS
from ..finding import Finding, ok, wrong
from ..settings import REDIRECT_URL
from .patient import Patient

SUBJECT = "redirect address"
#: on every answer of ours; the policy differs between versions, as it names the style sheet
_OURS = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}


def redirect_address(patient: Patient) -> Iterator[Finding]:
    """GET it without anything: this package's page says 400, with headers that nobody else has together."""
    url = patient.environment.usable(REDIRECT_URL)
    if not url or patient.device:
        return
    address = urlsplit(url)
    local = is_loopback(address.hostname or "")
    if address.scheme != "https" and not (address.scheme == "http" and local):
        told = f"{_shown(address)} is not https"
        yield wrong(SUBJECT, told, "use https, with a reverse proxy say; http is for localhost alone")
        return
    try:
        with _get(url, local=local) as answer:
            yield _judged(address, answer)
    except requests.exceptions.SSLError:
        told = f"the certificate of {_shown(address)} is not trusted, or is for another name"
        yield wrong(SUBJECT, told, "browsers will refuse it as well: get one that is")
    except requests.RequestException as error:
        told = f"nothing answers at {_shown(address)} ({type(error).__name__})"
        yield wrong(SUBJECT, told, _start(local=local))


def _get(url: str, *, local: bool) -> requests.Response:
    session = requests.Session()
    session.trust_env = not local  # a company's proxy cannot reach this machine's loopback
    return session.get(
        url,
        auth=lambda request: request,  # else requests would look for one in ~/.netrc
        timeout=(CONNECT_SECONDS, OWN_READ_SECONDS),
        allow_redirects=False,
        stream=True,  # the headers are enough
    )


def _judged(address: SplitResult, answer: requests.Response) -> Finding:
    status, where = answer.status_code, _shown(address)
    if status == 400 and _is_ours(answer):
        return ok(SUBJECT, f"{where} is answered by this package's page")
    if answer.is_redirect:
        host = urlsplit(answer.headers["Location"]).hostname or address.hostname
        told = f"{where} is redirected to {host} (HTTP {status})"
        return wrong(SUBJECT, told, "enter the address that is redirected to, or take the redirection away")
    if status == 404:
        mend = f"register_redirect serves {PATH}: let the address end with it, and the proxy pass it on"
        return wrong(SUBJECT, f"{where} is not found (HTTP 404)", mend)
    if status in (502, 503, 504):
        told = f"a proxy answers at {where}, and nothing behind it (HTTP {status})"
        return wrong(SUBJECT, told, "start the web app, or look at the address the proxy passes it to")
    server = answer.headers.get("Server", "unknown server")[:60]
    told = f"something else answers at {where} (HTTP {status}, {server})"
    return wrong(SUBJECT, told, "look which app listens there, and at what the proxy changes")


def _is_ours(answer: requests.Response) -> bool:
    policy = answer.headers.get("Content-Security-Policy", "")
    return policy.startswith("default-src 'none'") and all(
        answer.headers.get(name) == value for name, value in _OURS.items()
    )


def _start(*, local: bool) -> str:
    if local:
        return "start the bot, or look at its port"
    return "start the web app, and look at DNS and firewall; it may be reached from elsewhere only"


def _shown(address: SplitResult) -> str:
    """Without user, query and fragment, which are nobody's business."""
    host = address.netloc.rpartition("@")[2]
    return f"{address.scheme}://{host}{address.path}"
