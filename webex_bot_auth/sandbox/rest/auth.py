"""Authentication of REST calls: who calls, and whether the token has the scope."""

from __future__ import annotations

from flask import request

from ..model.errors import MESSAGES, WebexError
from ..model.people import Person
from ..oauth.scopes import covers
from ..oauth.tokens import AccessToken
from ..services import services


def bearer_token() -> str:
    """Return the bearer token of the current request; empty if there is none."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def caller(*scopes: str) -> Person:
    """Return the person or bot that makes the current request.

    Args:
        scopes: The scopes of which the request needs one; none if any valid token will do.

    Raises:
        WebexError: 401, the token is missing, unknown, expired or revoked; 403, it lacks the scope.
    """
    return valid_token(*scopes).person


def valid_token(*scopes: str) -> AccessToken:
    """Return the token of the current request; arguments and errors are those of ``caller``."""
    token = services().tokens.valid(bearer_token())
    if token is None:
        raise WebexError(401)
    if scopes and not any(covers(token.scopes, scope) for scope in scopes):
        raise WebexError(403, f"{MESSAGES[403]} (In this sandbox: it needs {' or '.join(scopes)}.)")
    return token


def administrator(person: Person) -> None:
    """Refuse a person who is not an administrator.

    Raises:
        WebexError: 403, the person is none.
    """
    if not person.is_admin:
        raise WebexError(403)
