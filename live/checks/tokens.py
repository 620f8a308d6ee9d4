"""The token endpoint."""

from functools import cache

import requests

from ..results import Outcome, Unchecked, Why
from ..webex import Caller, Json, Webex, answered, body


def _login(webex: Webex) -> Json:
    if not webex.tokens:
        raise Unchecked(Why.NO_LOGIN)
    return webex.tokens


@cache
def _refreshed(webex: Webex) -> Json:
    """The answer to the one refresh of these checks."""
    return body(_refresh(webex, _login(webex)["refresh_token"]))


def _refresh(webex: Webex, refresh_token: str) -> requests.Response:
    return webex.token_endpoint(grant_type="refresh_token", refresh_token=refresh_token)


def lifetimes(webex: Webex) -> Outcome:
    """An access token lives for 14 days, a refresh token for 90 days."""
    login = _login(webex)
    for name, days in (("expires_in", 14), ("refresh_token_expires_in", 90)):
        if abs(login[name] - days * 86400) > 60:
            return Outcome(False, Why.SECONDS, login[name])
    return Outcome(True)


def granted_scopes(webex: Webex) -> bool:
    """The answer to a login names the scopes that were asked for in `scope`."""
    return set(_login(webex)["scope"].split()) == set(webex.settings.integration.scopes)


def refresh_token_stays(webex: Webex) -> bool:
    """A refresh answers with the same refresh token."""
    return bool(_refreshed(webex)["refresh_token"] == _login(webex)["refresh_token"])


def access_token_changes(webex: Webex) -> bool:
    """A refresh within minutes answers with a new access token."""
    return bool(_refreshed(webex)["access_token"] != _login(webex)["access_token"])


def earlier_access_token(webex: Webex) -> bool:
    """The access token from before a refresh stays valid."""
    _refreshed(webex)
    return webex.person.get("/people/me").status_code == 200


def wrong_secret(webex: Webex) -> Outcome:
    """A wrong client secret is refused with 401."""
    form = {"grant_type": "refresh_token", "refresh_token": "unknown", "client_secret": "wrong"}
    return answered(webex.token_endpoint(**form), 401)


def form_of_errors(webex: Webex) -> bool:
    """An error of the token endpoint has `message`, `errors` and `trackingId`."""
    return bool({"message", "errors", "trackingId"} <= _refresh(webex, "unknown").json().keys())


def second_use_of_a_code(webex: Webex) -> Outcome:
    """An authorization code that was used is refused with 400, and the tokens of its first use stay valid."""
    tokens, form = _refreshed(webex), {"grant_type": "authorization_code", "code": webex.redirected["code"]}
    again = webex.token_endpoint(**form, redirect_uri=webex.settings.integration.redirect_url)
    if Caller(webex, tokens["access_token"]).get("/people/me").status_code == 401:
        return Outcome(False, Why.STATUS, 401)
    return answered(again, 400)
