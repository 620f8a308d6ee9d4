"""The token manager: the same in the bot and in every web worker."""

from __future__ import annotations

from typing import Any

import settings
from wxc_sdk.integration import Integration

from webex_bot_auth import RedisTokenManager, TokenManager, YAMLTokenManager


def token_manager() -> TokenManager:
    """Make a token manager; each process makes its own. It connects to its store when it is first used."""
    integration = Integration(
        client_id=settings.get("WEBEX_CLIENT_ID"),
        client_secret=settings.get("WEBEX_CLIENT_SECRET"),
        scopes=settings.get("WEBEX_SCOPES", "spark:people_read"),
        redirect_url=settings.get("WEBEX_REDIRECT_URL"),
    )
    bot_token = settings.get("WEBEX_BOT_TOKEN")
    options: dict[str, Any] = {"encryption_keys": settings.several("WEBEX_BOT_AUTH_KEYS")}  # the newest first
    if url := settings.get("REDIS_URL"):
        prefix = settings.get("REDIS_KEY_PREFIX")
        return RedisTokenManager(bot_token, integration, redis_url=url, key_prefix=prefix, **options)
    if url := settings.get("SQL_URL"):
        from webex_bot_auth import SQLTokenManager  # type: ignore[attr-defined, unused-ignore]  # needs the extra sql

        manager: TokenManager = SQLTokenManager(bot_token, integration, url=url, **options)
        return manager
    return YAMLTokenManager(bot_token, integration, yml_base=settings.get("YAML_BASE"), **options)
