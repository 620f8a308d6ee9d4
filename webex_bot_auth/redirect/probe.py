"""Finds out whether the page at the end of a login is where browsers look for it."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from ..webex.oauth import is_loopback
from .view import HEADERS

SECONDS = 5.0
#: headers of every answer of the page; the policy is left out, as it differs between versions
_PAGE_HEADERS = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}


def problem_on_this_machine(url: str) -> str | None:
    """Ask for the page, where the address is this machine's.

    Returns:
        why a browser of this machine would not find it; None: it would, or this cannot be told from here
    """
    if not is_loopback(urlsplit(url).hostname or ""):
        return None
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, and nobody's password
            answer = session.head(url, timeout=SECONDS, allow_redirects=False)
    except requests.exceptions.SSLError:
        return None  # a certificate that this process does not know
    except requests.RequestException as error:
        return f"nothing answers there ({type(error).__name__}); start the web app at this port"
    if is_redirect_page(answer):
        return None
    return (
        f"something else answers there (HTTP {answer.status_code}); another program has the port, or the app "
        "did not call token_manager.register_redirect(flask=app)"
    )


def is_redirect_page(answer: requests.Response) -> bool:
    """Tell whether an answer has the headers that the page has, and hardly any other."""
    policy = answer.headers.get("Content-Security-Policy", "")
    return policy.startswith("default-src 'none'") and all(
        answer.headers.get(name) == value for name, value in _PAGE_HEADERS.items()
    )
