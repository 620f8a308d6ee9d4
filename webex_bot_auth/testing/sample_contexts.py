"""Sample user contexts, for tests of stores. Their tokens are not real."""

from __future__ import annotations

from datetime import datetime, timezone

from wxc_sdk.tokens import Tokens

from ..user_context import UserContext

#: when all of their tokens expire
EXPIRY = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def context(user_id: str, access_token: str = "access", *, scope: str | None = None) -> UserContext:
    """A context that is valid for years. The same arguments give an equal context.

    Args:
        user_id: whose it is
        access_token: tells contexts of the same user apart
        scope: the granted scopes, separated by spaces; None: not known
    """
    tokens = Tokens(
        access_token=access_token,
        refresh_token=f"refresh of {access_token}",
        expires_at=EXPIRY,
        refresh_token_expires_at=EXPIRY,
        token_type="Bearer",
        scope=scope,
    )
    return UserContext(user_id=user_id, tokens=tokens)
