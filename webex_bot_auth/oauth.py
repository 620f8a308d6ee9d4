"""Webex's OAuth endpoints on top of an integration: PKCE, time limits, failures told apart.

Sources: RFC 6749, RFC 7636, https://developer.webex.com/docs/integrations
"""

from __future__ import annotations

import base64
import functools
import hashlib
import ipaddress
import json
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import urllib3
from pydantic import ValidationError
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from .errors import ClientRefused, GrantRefused, SettingError, TokenServiceError, TokenServiceUnavailable

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
#: a whole answer has to be there by then, however slowly it drips
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024

#: longest wait that a service can ask for, in seconds
LONGEST_RETRY_AFTER = 24 * 3600.0


class WebexOAuth:
    """The authorization and token endpoints, as one integration uses them.

    :param integration: client id, secret, scopes, redirect address and endpoints
    :raises SettingError: one of these is missing or malformed
    """

    def __init__(self, integration: Integration) -> None:
        check_integration(integration)
        self.integration = integration

    @property
    def scopes(self) -> list[str]:
        """The scopes that the integration is configured with."""
        return as_list(self.integration.scopes)

    def authorization_url(
        self, *, state: str, scopes: Iterable[str] = (), verifier: str | None = None
    ) -> str:
        """The address where the person logs in.

        :param scopes: scopes to ask for; the integration's own where empty
        :param verifier: PKCE code verifier whose S256 challenge goes into the address (RFC 7636 section 4.2)
        """
        address = urlsplit(self.integration.auth_url(state=state))
        query = dict(parse_qsl(address.query))
        if scopes:
            query["scope"] = " ".join(scopes)
        if verifier:
            query.update(code_challenge=challenge(verifier), code_challenge_method="S256")
        return address._replace(query=urlencode(query)).geturl()

    def exchange(self, *, code: str, verifier: str | None = None, asked: Iterable[str] = ()) -> Tokens:
        """Tokens for an authorization code (RFC 6749 section 4.1.3).

        :param asked: scopes that were asked for; they hold where the answer names none (section 5.1)
        :raises TokenServiceError: one of its three kinds
        """
        grant = {"grant_type": "authorization_code", "code": code}
        grant["redirect_uri"] = self.integration.redirect_url
        if verifier:
            grant["code_verifier"] = verifier
        tokens = self._tokens(grant)
        tokens.scope = tokens.scope or " ".join(asked or self.scopes)
        return tokens

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for a refresh token (RFC 6749 section 6); what the answer leaves out stays as it was.

        :raises TokenServiceError: one of its three kinds
        """
        if not tokens.refresh_token:
            raise GrantRefused(error="no refresh token")
        new = self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
        new.refresh_token = new.refresh_token or tokens.refresh_token
        if new.refresh_token == tokens.refresh_token and new.refresh_token_expires_at is None:
            new.refresh_token_expires_at = tokens.refresh_token_expires_at
        new.scope = new.scope or tokens.scope
        return new

    def _tokens(self, grant: Mapping[str, str]) -> Tokens:
        client = {"client_id": self.integration.client_id, "client_secret": self.integration.client_secret}
        status, headers, body = _in_time(
            functools.partial(_post, self.integration.token_service, {**grant, **client})
        )
        if status != 200:
            raise _failure(status, headers, body)
        return _parse_tokens(body)


def check_integration(integration: Integration) -> None:
    """Refuse an integration that cannot work, or would send secrets in clear over a network."""
    for name in ("client_id", "client_secret", "scopes", "redirect_url"):
        if not getattr(integration, name, None):
            raise SettingError(f"integration.{name}", "is empty; it is shown at developer.webex.com")
    for name in ("token_service", "auth_service", "redirect_url"):
        scheme, host = _scheme_and_host(getattr(integration, name))
        if not scheme or not host:
            raise SettingError(f"integration.{name}", "is not a full address (https://...)")
        if name != "redirect_url" and scheme != "https" and not (scheme == "http" and is_loopback(host)):
            raise SettingError(f"integration.{name}", "has to be https (or on this machine): it gets secrets")


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        address = urlsplit(url)
        return address.scheme, address.hostname or ""
    except ValueError:
        return "", ""


def is_loopback(host: str) -> bool:
    """Does this host name stand for this very machine?"""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def as_list(scopes: str | Iterable[str] | None) -> list[str]:
    """Scopes as a list, from the space separated form of RFC 6749 section 3.3 or any iterable."""
    return scopes.split() if isinstance(scopes, str) else list(scopes or ())


def new_verifier() -> str:
    """A fresh PKCE code verifier: 64 characters, 384 random bits (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """S256 code challenge for a verifier (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


Answer = tuple[int, Mapping[str, str], bytes]


def _in_time(post: Callable[[], Answer]) -> Answer:
    """Wait for an answer no longer than :data:`TOTAL_SECONDS`.

    requests limits the wait for each piece of an answer; one that drips would hold us for ever. So it has a
    thread of its own, which is left alone when time is up.
    """
    outcomes: queue.SimpleQueue[Answer | TokenServiceError] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put(post())
        except TokenServiceError as error:
            outcomes.put(error)

    threading.Thread(target=run, name="webex_bot_auth-token", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=TOTAL_SECONDS)
    except queue.Empty:
        raise TokenServiceUnavailable(error="the answer takes too long") from None
    if isinstance(outcome, TokenServiceError):
        raise outcome
    return outcome


def _post(url: str, form: Mapping[str, str]) -> Answer:
    """Status, headers and body of a POST.

    ``Integration``'s own calls know no time limit and log the code at DEBUG, so they are not used here.
    Redirections are not followed: they would carry the client secret to another place.
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with requests.post(
            url,
            data=form,
            headers={"Accept": "application/json"},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code, response.headers, _read(response, deadline)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # from None: urllib3's error texts may quote what was sent
        raise TokenServiceUnavailable(error=type(error).__name__) from None


def _read(response: requests.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(4096):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout
    return bytes(body)


def _parse_tokens(body: bytes) -> Tokens:
    data = _json_object(body)
    token_type = data.get("token_type")
    if isinstance(token_type, str):
        data["token_type"] = token_type.title()  # case does not matter: RFC 6749 section 5.1
    if isinstance(data.get("scope"), list):
        data["scope"] = " ".join(map(str, data["scope"]))
    try:
        tokens = Tokens.model_validate(data)
        tokens.set_expiration()
    except (ValidationError, OverflowError):
        # from None: pydantic quotes the values, which are tokens
        raise TokenServiceUnavailable(status=200, error="malformed answer") from None
    if not tokens.access_token:
        raise TokenServiceUnavailable(status=200, error="answer without access_token")
    if not _is_sendable(tokens.access_token + (tokens.refresh_token or "")):
        raise TokenServiceUnavailable(status=200, error="malformed token")
    return tokens


def _is_sendable(token: str) -> bool:
    """RFC 6749 appendix A.12: printable ASCII; anything else could not be put into a header."""
    return token.isascii() and token.isprintable()


def _failure(status: int, headers: Mapping[str, str], body: bytes) -> TokenServiceError:
    """Which of the three kinds of failure an answer is.

    Two shapes of errors are in use: ``{"error": ...}`` (RFC 6749 section 5.2) and Webex's
    ``{"message": ..., "errors": [...], "trackingId": ...}``.
    """
    try:
        data = _json_object(body)
    except TokenServiceUnavailable:
        data = {}
    error = data.get("error") if isinstance(data.get("error"), str) else None
    tracking_id = data.get("trackingId") if isinstance(data.get("trackingId"), str) else None
    facts: dict[str, Any] = {"status": status, "error": error, "tracking_id": tracking_id}
    if status == 400 and (error == "invalid_grant" or (error is None and "message" in data)):
        return GrantRefused(**facts)
    if (400 <= status < 500 and status not in (400, 408, 425, 429)) or (status == 400 and error):
        return ClientRefused(**facts)
    return TokenServiceUnavailable(retry_after=retry_after(headers), **facts)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise TokenServiceUnavailable(error="answer is not a JSON object")
    return data


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds named by ``Retry-After``, as a number or a date (RFC 9110 section 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = (
            float(value)
            if value.isascii() and value.isdecimal()
            else parsedate_to_datetime(value).timestamp() - time.time()
        )
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER)
