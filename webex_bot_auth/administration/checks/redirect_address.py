"""Checks whether the redirect address leads to this package's redirect page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

import requests

from ...redirect.probe import is_redirect_page
from ...webex.bounded_http import CONNECT_SECONDS
from ...webex.oauth import is_loopback
from ...webex.rest import OWN
from ..environment import REDIRECT_URL
from .check_result import CheckResult, error, ok
from .configuration import Configuration

SUBJECT = "redirect address"


def check_redirect_address(configuration: Configuration) -> Iterator[CheckResult]:
    """Send a GET without parameters: only the redirect page answers 400 with all of its headers."""
    url = configuration.environment.usable(REDIRECT_URL)
    if not url or configuration.device:
        return
    address = urlsplit(url)
    is_local = is_loopback(address.hostname or "")
    if address.scheme != "https" and not (address.scheme == "http" and is_local):
        fix = "use https, for example with a reverse proxy; http is for localhost only"
        yield error(SUBJECT, f"{_without_secrets(address)} is not https", fix)
        return
    try:
        with _get(url, is_local=is_local) as answer:
            yield _result(address, answer)
    except requests.exceptions.SSLError:
        message = f"the certificate of {_without_secrets(address)} is not trusted, or is for another name"
        yield error(SUBJECT, message, "install a valid certificate: browsers will refuse this one, too")
    except requests.RequestException as failure:
        message = f"nothing answers at {_without_secrets(address)} ({type(failure).__name__})"
        yield error(SUBJECT, message, _how_to_start(is_local=is_local))


def _get(url: str, *, is_local: bool) -> requests.Response:
    session = requests.Session()
    session.trust_env = not is_local  # a company's proxy cannot reach this machine's loopback
    return session.get(
        url,
        auth=lambda request: request,  # otherwise requests would look for credentials in ~/.netrc
        timeout=(CONNECT_SECONDS, OWN.read_seconds),
        allow_redirects=False,
        stream=True,  # the headers are enough
    )


def _result(address: SplitResult, answer: requests.Response) -> CheckResult:
    status, url = answer.status_code, _without_secrets(address)
    if status == 400 and is_redirect_page(answer):
        return ok(SUBJECT, f"the redirect page answers at {url}")
    if answer.is_redirect:
        host = urlsplit(answer.headers["Location"]).hostname or address.hostname
        message = f"{url} redirects to {host} (HTTP {status})"
        return error(SUBJECT, message, "use the address that it redirects to, or remove the redirection")
    if status == 404:
        fix = "let the bot's app call register_redirect with this address, and the proxy forward its path"
        return error(SUBJECT, f"{url} is not found (HTTP 404)", fix)
    if status in (502, 503, 504):
        message = f"a proxy answers at {url}, but nothing behind it (HTTP {status})"
        return error(SUBJECT, message, "start the web app, or check the address that the proxy forwards to")
    server = answer.headers.get("Server", "unknown server")[:60]
    message = f"something else answers at {url} (HTTP {status}, {server})"
    return error(SUBJECT, message, "check which app listens there, and what the proxy changes")


def _how_to_start(*, is_local: bool) -> str:
    if is_local:
        return "start the bot, or check its port"
    return "start the web app, and check DNS and firewall; it may be reachable from other networks only"


def _without_secrets(address: SplitResult) -> str:
    """The address without user name, password, query and fragment."""
    host = address.netloc.rpartition("@")[2]
    return f"{address.scheme}://{host}{address.path}"
