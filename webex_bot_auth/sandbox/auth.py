"""Who calls the REST API, and whether the token allows it."""

from __future__ import annotations

from flask import request

from .errors import WebexError
from .people import Person
from .scopes import allow
from .services import services


def bearer() -> str:
    """Return the bearer token of the current request, or an empty string."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def caller(scope: str) -> Person:
    """Return who makes the current request.

    Raises:
        WebexError: 401, the token is missing, unknown, expired or revoked; 403, it lacks the scope.
    """
    token = services().tokens.valid(bearer())
    if token is None:
        raise WebexError(401)
    if not allow(token.scopes, scope):
        raise WebexError(403)
    return token.person
