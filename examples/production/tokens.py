"""The token manager, with the same settings in the bot and in every web worker."""

from __future__ import annotations

import settings
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager


def token_manager() -> RedisTokenManager:
    """Return a token manager, which connects to Redis at its first use; each process needs its own."""
    integration = Integration(
        client_id=settings.get("WEBEX_CLIENT_ID"),
        client_secret=settings.get("WEBEX_CLIENT_SECRET"),
        scopes=settings.get("WEBEX_SCOPES", "spark:people_read"),
        redirect_url=settings.get("WEBEX_REDIRECT_URL"),
    )
    return RedisTokenManager(
        settings.get("WEBEX_BOT_TOKEN"),
        integration,
        redis_url=settings.get("REDIS_URL"),
        key_prefix=settings.get("REDIS_KEY_PREFIX"),
        encryption_keys=settings.get_list("WEBEX_BOT_AUTH_KEYS"),  # the newest first
    )
