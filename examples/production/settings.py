"""Reads the settings from the environment; env.example says where to get each of them.

This file imports only the standard library: gunicorn's master runs it too, and a reload does not load again
what the master has imported.
"""

from __future__ import annotations

import os
import sys

REQUIRED = {
    "WEBEX_BOT_TOKEN": "the bot's access token, from developer.webex.com",
    "WEBEX_CLIENT_ID": "the client ID of the integration, from developer.webex.com",
    "WEBEX_CLIENT_SECRET": "the client secret of the integration, from developer.webex.com",
    "WEBEX_REDIRECT_URL": "https://.../redirect, as registered with the integration",
    "REDIS_URL": "redis://:PASSWORD@HOST:6379/0, or rediss:// over a network",
    "WEBEX_BOT_AUTH_KEYS": "encrypts what is stored; make one: openssl rand -base64 32",
}


def check() -> None:
    """Exit with a list of what is missing, if a required setting is not set."""
    missing = [f"  {name}: {what}" for name, what in REQUIRED.items() if not get(name)]
    if missing:
        sys.exit("\n".join(["Not set in the environment (see env.example):", *missing]))


def get(name: str, default: str = "") -> str:
    """Return a setting, or ``default`` if it is not set or empty."""
    return os.environ.get(name, "").strip() or default


def get_list(name: str) -> list[str]:
    """Return a setting whose values are separated by commas."""
    return [part.strip() for part in get(name).split(",") if part.strip()]
