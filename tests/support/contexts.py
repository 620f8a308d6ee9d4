"""Contexts that are about to expire."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from webex_bot_auth import UserContext


def expiring(context: UserContext, seconds: float, refresh_seconds: float | None = None) -> UserContext:
    """The same context with so many seconds left (negative: since it expired)."""
    changed = context.copied()
    now = datetime.now(timezone.utc)
    changed.tokens.expires_at = now + timedelta(seconds=seconds)
    if refresh_seconds is not None:
        changed.tokens.refresh_token_expires_at = now + timedelta(seconds=refresh_seconds)
    return changed
