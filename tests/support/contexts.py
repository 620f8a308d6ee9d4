"""Made-up contexts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserContext

SOMEWHEN = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def context(user_id: str, access_token: str = "access", *, scope: str | None = None) -> UserContext:
    """A context that is good for years."""
    tokens = Tokens(
        access_token=access_token,
        refresh_token=f"refresh of {access_token}",
        expires_at=SOMEWHEN,
        refresh_token_expires_at=SOMEWHEN,
        token_type="Bearer",
        scope=scope,
    )
    return UserContext(user_id=user_id, tokens=tokens)


def expiring(context: UserContext, seconds: float, refresh_seconds: float | None = None) -> UserContext:
    """The same context with so many seconds left (negative: since it expired)."""
    changed = context.copied()
    now = datetime.now(timezone.utc)
    changed.tokens.expires_at = now + timedelta(seconds=seconds)
    if refresh_seconds is not None:
        changed.tokens.refresh_token_expires_at = now + timedelta(seconds=refresh_seconds)
    return changed
