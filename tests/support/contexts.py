"""Contexts whose tokens expire soon, or have expired."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from webex_bot_auth import UserContext


def expiring(context: UserContext, seconds: float, refresh_seconds: float | None = None) -> UserContext:
    """A copy of a context with other expiry dates.

    Args:
        context: the context to copy
        seconds: how long its access token is valid from now on; negative for one that has expired
        refresh_seconds: the same for its refresh token; None keeps the date
    """
    changed = context.copied()
    now = datetime.now(timezone.utc)
    changed.tokens.expires_at = now + timedelta(seconds=seconds)
    if refresh_seconds is not None:
        changed.tokens.refresh_token_expires_at = now + timedelta(seconds=refresh_seconds)
    return changed
