"""The page that asks for permission."""

from urllib.parse import parse_qs, urljoin, urlsplit

from ..clicks import authorization_url
from ..results import Outcome, Unchecked, Why
from ..webex import Webex, answered


def unknown_redirect_address(webex: Webex) -> Outcome:
    """An unknown redirect address is reported before anybody has logged in."""
    return _reported(webex, redirect_uri="http://localhost:1/unknown")


def unknown_scope(webex: Webex) -> Outcome:
    """A scope that the integration does not have is reported before anybody has logged in."""
    return _reported(webex, scope="spark:no_such_scope")


def _reported(webex: Webex, **wrong: str) -> Outcome:
    url = authorization_url(webex, **wrong)
    for _ in range(5):
        answer = webex.send("GET", url)
        url = urljoin(url, answer.headers.get("Location", ""))
        if "error" in parse_qs(urlsplit(url).query):
            return Outcome(True)
        if not answer.is_redirect:
            break
    return answered(answer, 400)


def state_comes_back(webex: Webex) -> bool:
    """`state` comes back as it was sent: spaces, `+`, `&`, `%20`, other alphabets, 100 characters."""
    if not webex.redirected:
        raise Unchecked(Why.NO_LOGIN)
    return bool(webex.redirected.get("state") == webex.state)
