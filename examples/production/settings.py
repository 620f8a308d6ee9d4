"""Everything comes from the environment; env.example says where each setting comes from.

Only the standard library is imported here: gunicorn's master reads this file, too, and workers that a reload
starts would not import again what the master has imported.
"""

from __future__ import annotations

import os
import sys

REQUIRED = {
    "WEBEX_BOT_TOKEN": "the bot's access token, from developer.webex.com",
    "WEBEX_CLIENT_ID": "the integration's, from developer.webex.com",
    "WEBEX_CLIENT_SECRET": "the integration's, from developer.webex.com",
    "WEBEX_REDIRECT_URL": "https://.../redirect, as registered with the integration",
    "REDIS_URL": "redis://:PASSWORD@HOST:6379/0, or rediss:// over a network",
    "WEBEX_BOT_AUTH_KEYS": "encrypts what is stored; make one: openssl rand -base64 32",
}


def check() -> None:
    """End with a list of the missing settings, if there are any."""
    missing = [f"  {name}: {what}" for name, what in REQUIRED.items() if not get(name)]
    if missing:
        sys.exit("\n".join(["Not set in the environment (see env.example):", *missing]))


def get(name: str, default: str = "") -> str:
    """A setting from the environment, without spaces around it."""
    return os.environ.get(name, "").strip() or default


def several(name: str) -> list[str]:
    """The parts of a setting that are separated by commas."""
    return [part.strip() for part in get(name).split(",") if part.strip()]
