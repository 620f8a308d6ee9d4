"""Webex's OAuth on top of an integration: addresses to log in at, PKCE, codes and refresh tokens.

Sources: RFC 6749, RFC 7636, https://developer.webex.com/docs/integrations
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from ..errors import GrantRefused, SettingError, TokenServiceError
from ..ground.scopes import ALL, as_list, lacking
from .connections import Connections
from .token_endpoint import failure, parse_tokens, post_form

log = logging.getLogger(__name__)

#: the scope with which the end of a login checks who has logged in
IDENTITY_SCOPE = "spark:people_read"


class WebexOAuth:
    """The authorization and token endpoints, as one integration uses them.

    Args:
        integration: client id, secret, scopes, redirect address and endpoints
        connections: what its calls are sent on; None: on its own
        with_redirect: whether logins come back to the redirect address
        login_scopes: what every login asks for; empty: the integration's scopes, unless a login needs others

    Attributes:
        integration: the integration
        connections: what its calls are sent on

    Raises:
        SettingError: one of these is missing or malformed
    """

    def __init__(
        self,
        integration: Integration,
        connections: Connections | None = None,
        *,
        with_redirect: bool = True,
        login_scopes: Iterable[str] = (),
    ) -> None:
        check_integration(integration, with_redirect=with_redirect)
        self.integration = integration
        self.connections = connections or Connections()
        asked = list(login_scopes)
        self.login_scopes = self.with_granted(asked, None) if asked else []

    @property
    def scopes(self) -> list[str]:
        """The scopes that the integration is configured with."""
        return as_list(self.integration.scopes)

    def with_granted(self, needed: Iterable[str], granted: str | None) -> list[str]:
        """Scopes to ask for: those that are needed, were granted before, or show who has logged in.

        Webex refuses a scope that the integration has only as a part of ``spark:all``; it is asked for whole.
        """
        own = self.scopes

        def registered(scope: str) -> str:
            return scope if scope in own or lacking(own, [scope]) else ALL

        before = {registered(scope) for scope in [*as_list(granted), IDENTITY_SCOPE]}
        kept = (scope for scope in own if not lacking(before, [scope]))
        return list(dict.fromkeys([*map(registered, needed), *kept]))

    def authorization_url(
        self, *, state: str, scopes: Iterable[str] = (), verifier: str | None = None
    ) -> str:
        """The address where the person logs in.

        Args:
            scopes: scopes to ask for; the integration's own where empty
            verifier: PKCE code verifier whose S256 challenge goes into the address (RFC 7636 section 4.2)
        """
        address = urlsplit(self.integration.auth_url(state=state))
        query = dict(parse_qsl(address.query), scope=" ".join(list(scopes) or self.scopes))
        if verifier:
            query.update(code_challenge=challenge(verifier), code_challenge_method="S256")
        return address._replace(query=urlencode(query)).geturl()

    def exchange(self, *, code: str, verifier: str | None = None, asked: Iterable[str] = ()) -> Tokens:
        """Tokens for an authorization code (RFC 6749 section 4.1.3).

        Args:
            asked: scopes that were asked for; they hold where the answer names none (section 5.1)

        Raises:
            TokenServiceError: one of its three kinds
        """
        grant = {"grant_type": "authorization_code", "code": code}
        grant["redirect_uri"] = self.integration.redirect_url
        if verifier:
            grant["code_verifier"] = verifier
        tokens = self._tokens(grant, asked)
        tokens.scope = tokens.scope or " ".join(asked or self.scopes)
        return tokens

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for a refresh token (RFC 6749 section 6); what the answer leaves out stays as it was.

        Raises:
            TokenServiceError: one of its three kinds
        """
        if not tokens.refresh_token:
            raise GrantRefused(error="no refresh token")
        grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        new = self._tokens(grant, as_list(tokens.scope))
        new.refresh_token = new.refresh_token or tokens.refresh_token
        if new.refresh_token == tokens.refresh_token and new.refresh_token_expires_at is None:
            new.refresh_token_expires_at = tokens.refresh_token_expires_at
        new.scope = new.scope or tokens.scope
        return new

    def refresh_in_place(self, tokens: Tokens) -> bool:
        """Refresh the tokens themselves, where that is possible; whether they changed."""
        try:
            new = self.refresh(tokens)
        except TokenServiceError as error:
            log.warning("tokens not refreshed: %s", error)
            return False
        changed = (new.access_token, new.expires_at) != (tokens.access_token, tokens.expires_at)
        tokens.update(new)
        return changed

    def _tokens(self, grant: Mapping[str, str], scopes: Iterable[str]) -> Tokens:
        client = {"client_id": self.integration.client_id, "client_secret": self.integration.client_secret}
        response = post_form(self.integration.token_service, {**grant, **client}, self.connections)
        if response.status_code != 200:
            raise failure(response)
        return parse_tokens(response.content, [*self.scopes, *scopes])


def check_integration(integration: Integration, *, with_redirect: bool = True) -> None:
    """Refuse an integration that cannot work, or would send secrets in clear over a network."""
    redirect = ("redirect_url",) if with_redirect else ()
    for name in ("client_id", "client_secret", "scopes", *redirect):
        if not getattr(integration, name, None):
            raise SettingError(f"integration.{name}", "is empty; it is shown at developer.webex.com")
    scopes_setting("integration.scopes", integration.scopes)
    for name in ("client_id", "client_secret", "token_service", "auth_service", *redirect):
        if problem := problem_of_text(getattr(integration, name)):
            raise SettingError(f"integration.{name}", problem)
    for name in ("token_service", "auth_service", *redirect):
        address = getattr(integration, name)
        if not all(_scheme_and_host(address)):
            raise SettingError(f"integration.{name}", "is not a full address (https://...)")
        if name != "redirect_url" and not is_safe(address):
            raise SettingError(f"integration.{name}", "has to be https (or on this machine): it gets secrets")
    if with_redirect:
        _check_redirect_url(urlsplit(integration.redirect_url))


def _check_redirect_url(address: SplitResult) -> None:
    """Refuse an address that no browser can open."""
    setting, host = "integration.redirect_url", address.hostname or ""
    if address.scheme not in ("http", "https"):
        raise SettingError(setting, "has to begin with https://, or on your own machine with http://")
    if host in ("0.0.0.0", "::"):  # noqa: S104 (what a server listens at)
        raise SettingError(
            setting, f"no browser can open {host}: write localhost, or the server's public name"
        )
    if address.port == 0:
        raise SettingError(setting, "no browser can open port 0: write the port that the app listens at")
    if address.fragment:  # RFC 6749 section 3.1.2
        raise SettingError(setting, "must not have a part behind #, which browsers keep to themselves")
    for name, _ in parse_qsl(address.query, keep_blank_values=True):
        if name in ("state", "code", "error"):  # Webex adds its own
            raise SettingError(setting, f"must not have a parameter {name}, which belongs to each login")


def problem_of_text(text: Any, *, spaces: bool = False) -> str | None:
    """Return what is wrong with a secret, an id or an address that somebody has copied.

    Args:
        text: the setting
        spaces: whether it may have spaces within

    Returns:
        a text that does not quote the setting, as it may be secret; None: nothing is wrong
    """
    if not isinstance(text, str):
        return "has to be a text"
    if text != text.strip():
        return "begins or ends with white space"
    if not text.isascii() or not text.isprintable() or set(text) & set("\"'<>"):
        return "contains characters that are not allowed, for example quotes"
    return "contains a space" if " " in text and not spaces else None


def is_safe(url: str) -> bool:
    """Tell whether nobody on the way to an address can read along, or answer in its place."""
    scheme, host = _scheme_and_host(url)
    return bool(host) and (scheme == "https" or (scheme == "http" and is_loopback(host)))


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        address = urlsplit(url)
        _ = address.port  # ValueError where it is no number
        return address.scheme, address.hostname or ""
    except ValueError:
        return "", ""


def is_loopback(host: str) -> bool:
    """Tell whether this host name stands for this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def scopes_setting(setting: str, scopes: Any) -> list[str]:
    """Scopes that somebody has written down, as a list.

    Raises:
        SettingError: not scopes, separated by commas, or with quotes or white space around one
    """
    listed = scopes if isinstance(scopes, str) else list(scopes or ())
    if not all(isinstance(scope, str) for scope in listed):
        raise SettingError(setting, 'has to be scopes: ["spark:people_read", "spark:rooms_read"]')
    joined = listed if isinstance(listed, str) else " ".join(listed)
    for scope in listed if not isinstance(scopes, str) else joined.split():
        if problem := problem_of_text(scope, spaces=True):
            raise SettingError(setting, f"{scope!r} {problem}")
    if "," in joined:
        raise SettingError(setting, f"takes no commas: write {' '.join(as_list(joined))!r}")
    return joined.split()


def new_verifier() -> str:
    """A fresh PKCE code verifier: 43 characters, 256 random bits (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """S256 code challenge for a verifier (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
