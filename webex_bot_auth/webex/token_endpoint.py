"""The token endpoint: one POST in bounded time; the answer is tokens or one of three failures.

Sources: RFC 6749 sections 5.1 and 5.2, https://developer.webex.com/docs/integrations
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests
from pydantic import ValidationError
from requests.auth import HTTPBasicAuth
from wxc_sdk.tokens import Tokens

from ..errors import ClientRefused, GrantRefused, TokenServiceError, TokenServiceUnavailable
from ..ground.clock import utc_now
from .bounded_http import BoundedAdapter, Limits, retry_after
from .connections import Connections

READ_SECONDS = 10.0
#: maximum time for a whole answer, however slowly it arrives
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024

_KNOWN_CODE = re.compile(
    r"\b(authorization_pending|slow_down|access_denied|expired_token|invalid_grant|invalid_client)\b"
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
    adapter = BoundedAdapter(connections, Limits(READ_SECONDS, TOTAL_SECONDS, MAX_ANSWER_BYTES))
    try:
        with requests.Session() as session:
            adapter.mount(session)
            accept = {"Accept": "application/json"}
            return session.post(url, data=form, headers=accept, auth=client, allow_redirects=False)
    except requests.RequestException as error:
        # from None: urllib3's error texts may quote what was sent
        raise TokenServiceUnavailable(error=type(error).__name__) from None


def parse_tokens(body: bytes) -> Tokens:
    """Tokens from a successful answer (RFC 6749 section 5.1).

    Raises:
        TokenServiceUnavailable: it is not one
    """
    data = json_object(body)
    token_type = data.get("token_type")
    if isinstance(token_type, str):
        data["token_type"] = token_type.title()  # case does not matter: RFC 6749 section 5.1
    if isinstance(data.get("scope"), list):
        data["scope"] = " ".join(map(str, data["scope"]))
    try:
        tokens = Tokens.model_validate(data)
        _set_expiry(tokens)
    except (ValidationError, OverflowError):
        # from None: pydantic quotes the values, which are tokens
        raise TokenServiceUnavailable(status=200, error="malformed answer") from None
    if not tokens.access_token:
        raise TokenServiceUnavailable(status=200, error="answer without access_token")
    if not _is_sendable(tokens.access_token + (tokens.refresh_token or "")):
        raise TokenServiceUnavailable(status=200, error="malformed token")
    return tokens


def _set_expiry(tokens: Tokens) -> None:
    """By our own clock. (wxc_sdk's method asks the system's, and takes 0 seconds
    for no expiry at all.)"""
    if tokens.expires_at is None and tokens.expires_in is not None:
        tokens.expires_at = utc_now() + timedelta(seconds=tokens.expires_in)
    if tokens.refresh_token_expires_at is None and tokens.refresh_token_expires_in:
        tokens.refresh_token_expires_at = utc_now() + timedelta(seconds=tokens.refresh_token_expires_in)


def _is_sendable(token: str) -> bool:
    """RFC 6749 appendix A.12: printable ASCII; anything else could not be put into a header."""
    return token.isascii() and token.isprintable()


def failure(response: requests.Response) -> TokenServiceError:
    """Which of the three kinds of failure an answer is.

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
