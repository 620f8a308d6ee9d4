"""The token manager: the same in the bot and in every web worker."""

from __future__ import annotations

import settings
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager


def token_manager() -> RedisTokenManager:
    """Make a token manager; each process makes its own. It connects to Redis when it is first used."""
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
        encryption_keys=settings.several("WEBEX_BOT_AUTH_KEYS"),  # the newest first
    )
