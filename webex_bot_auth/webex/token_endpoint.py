"""The token endpoint: one POST in bounded time; the answer is tokens or one of three failures.

Sources: RFC 6749 sections 5.1 and 5.2, https://developer.webex.com/docs/integrations
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import requests
from requests.auth import HTTPBasicAuth
from wxc_sdk.tokens import Tokens

from ..errors import ClientRefused, GrantRefused, TokenServiceError, TokenServiceUnavailable
from ..ground.clock import utc_now
from ..ground.scopes import as_list
from .bounded_http import Limits, let_use, retry_after
from .connections import Connections

READ_SECONDS = 10.0
#: maximum time for a whole answer, however slowly it arrives
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024

#: lifetimes in answers, in seconds, and the moments that come of them
_LIFETIMES = {"expires_in": "expires_at", "refresh_token_expires_in": "refresh_token_expires_at"}
_FIELDS = ("access_token", "token_type", "refresh_token", "scope", *_LIFETIMES)
_KNOWN_CODE = re.compile(
    r"\b(authorization_pending|slow_down|access_denied|expired_token|invalid_grant|invalid_client|invalid_scope)\b"
)


def post_form(
    url: str, form: Mapping[str, str], connections: Connections, *, client: HTTPBasicAuth | None = None
) -> requests.Response:
    """The answer to a form, within :data:`TOTAL_SECONDS`.

    ``Integration``'s own calls know no time limit and log the code at DEBUG, so they are not used here.
    Redirections are not followed: they would send the client secret to another server.

    Args:
        url: where to send it
        form: its fields
        connections: what it is sent on
        client: its id and secret, where they are not in the form

    Raises:
        TokenServiceUnavailable: there is no answer
    """
    try:
        with requests.Session() as session:
            let_use(session, connections, Limits(READ_SECONDS, TOTAL_SECONDS, MAX_ANSWER_BYTES))
            accept = {"Accept": "application/json"}
            return session.post(url, data=form, headers=accept, auth=client, allow_redirects=False)
    except requests.RequestException as error:
        # from None: urllib3's error texts may quote what was sent
        raise TokenServiceUnavailable(error=type(error).__name__) from None


def parse_tokens(body: bytes, scopes: Iterable[str] = ()) -> Tokens:
    """Tokens from a successful answer: what the specification names (RFC 6749 section 5.1), and nothing else.

    Numbers may be written as text or with fractions, and fields may be empty. When tokens end is counted by
    our own clock.

    Args:
        body: the answer
        scopes: those that were asked for; where the answer writes one in another case, it counts as this one

    Raises:
        TokenServiceUnavailable: it is not one
    """
    answer = json_object(body)
    fields = {name: answer[name] for name in _FIELDS if answer.get(name) not in (None, "")}
    if isinstance(token_type := fields.get("token_type"), str):
        fields["token_type"] = token_type.title()  # case does not matter: RFC 6749 section 5.1
    if isinstance(scope := fields.get("scope"), (str, list)):
        asked = list(scopes)
        spelling = {one.lower(): one for one in asked}
        granted = as_list(scope if isinstance(scope, str) else " ".join(map(str, scope)))
        fields["scope"] = " ".join(one if one in asked else spelling.get(one.lower(), one) for one in granted)
    try:
        for name in _LIFETIMES.keys() & fields.keys():
            seconds = fields[name] = int(float(fields[name]))
            if seconds or name == "expires_in":  # a refresh token without end is written as 0
                fields[_LIFETIMES[name]] = utc_now() + timedelta(seconds=seconds)
        tokens = Tokens.model_validate(fields)
    except (ValueError, TypeError, OverflowError):
        # from None: pydantic quotes the values, which are tokens
        raise TokenServiceUnavailable(status=200, error="malformed answer") from None
    if not tokens.access_token:
        raise TokenServiceUnavailable(status=200, error="answer without access_token")
    both = tokens.access_token + (tokens.refresh_token or "")
    if not (both.isascii() and both.isprintable()):  # RFC 6749 appendix A.12; else no header could carry it
        raise TokenServiceUnavailable(status=200, error="malformed token")
    return tokens


def failure(response: requests.Response) -> TokenServiceError:
    """Return which of the three kinds of failure an answer is.

    Two shapes of errors are in use: ``{"error": ...}`` (RFC 6749 section 5.2) and Webex's
    ``{"message": ..., "errors": [...], "trackingId": ...}``.
    """
    status = response.status_code
    try:
        data = json_object(response.content)
    except TokenServiceUnavailable:
        data = {}
    error = _error_code(data)
    tracking_id = data.get("trackingId") if isinstance(data.get("trackingId"), str) else None
    facts: dict[str, Any] = {"status": status, "error": error, "tracking_id": tracking_id}
    if status == 400 and (error == "invalid_grant" or (error is None and "message" in data)):
        return GrantRefused(**facts)
    if (400 <= status < 500 and status not in (400, 408, 425, 429)) or (status == 400 and error):
        return ClientRefused(**facts)
    return TokenServiceUnavailable(retry_after=retry_after(response.headers), **facts)


def _error_code(data: Mapping[str, Any]) -> str | None:
    """RFC 6749's code; Webex's own shape has it inside a sentence, or not at all."""
    if isinstance(data.get("error"), str):
        return str(data["error"])
    found = _KNOWN_CODE.search(json.dumps([data.get("message"), data.get("errors")]))
    return found[0] if found else None


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises:
        TokenServiceUnavailable: there is none
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise TokenServiceUnavailable(error="answer is not a JSON object")
    return data
