"""Made-up contexts, for tests of what keeps them."""

from __future__ import annotations

from datetime import datetime, timezone

from wxc_sdk.tokens import Tokens

from ..user_context import UserContext

SOMEWHEN = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def context(user_id: str, access_token: str = "access", *, scope: str | None = None) -> UserContext:
    """A context that is good for years; equal to another one of the same arguments."""
    tokens = Tokens(
        access_token=access_token,
        refresh_token=f"refresh of {access_token}",
        expires_at=SOMEWHEN,
        refresh_token_expires_at=SOMEWHEN,
        token_type="Bearer",
        scope=scope,
    )
    return UserContext(user_id=user_id, tokens=tokens)
