"""Authentication of REST calls: who calls, and whether the token has the scope."""

from __future__ import annotations

from flask import request

from ..model.errors import WebexError
from ..model.people import Person
from ..oauth.scopes import covers
from ..services import services


def bearer_token() -> str:
    """Return the bearer token of the current request; empty if there is none."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def caller(scope: str) -> Person:
    """Return the person or bot that makes the current request.

    Args:
        scope: The scope that the request needs.

    Raises:
        WebexError: 401, the token is missing, unknown, expired or revoked; 403, it lacks the scope.
    """
    token = services().tokens.valid(bearer_token())
    if token is None:
        raise WebexError(401)
    if not covers(token.scopes, scope):
        raise WebexError(403)
    return token.person
