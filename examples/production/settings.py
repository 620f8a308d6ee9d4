"""Everything comes from the environment; env.example says where each setting comes from.

Only the standard library is imported here: gunicorn's master reads this file, too, and workers that a reload
starts would not import again what the master has imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

REQUIRED = {
    "WEBEX_BOT_TOKEN": "the bot's access token, from developer.webex.com",
    "WEBEX_CLIENT_ID": "the integration's, from developer.webex.com",
    "WEBEX_CLIENT_SECRET": "the integration's, from developer.webex.com",
    "WEBEX_REDIRECT_URL": "https://.../redirect, as registered with the integration",
    "WEBEX_BOT_AUTH_KEYS": "encrypts what is stored; make one: openssl rand -base64 32",
}
#: where logins are kept, for any number of processes
SERVERS = {
    "REDIS_URL": "redis://:PASSWORD@HOST:6379/0, or rediss:// over a network",
    "SQL_URL": "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
}
#: where they are kept for one_process.py
FILE = {
    "YAML_BASE": "the path of a file, without .yml",
}


def check(stores: Mapping[str, str] = SERVERS) -> None:
    """End with a list of the missing settings, if there are any.

    Args:
        stores: the settings of which one names the store
    """
    lines = [f"  {name}: {what}" for name, what in REQUIRED.items() if not get(name)]
    given = [name for name in (*SERVERS, *FILE) if get(name)]
    if len(given) != 1 or given[0] not in stores:
        lines.append(f"exactly one store (set now: {', '.join(given) or 'none'}):")
        lines += [f"  {name}: {what}" for name, what in stores.items()]
    if lines:
        sys.exit("\n".join(["Not set in the environment (see env.example):", *lines]))


def get(name: str, default: str = "") -> str:
    """A setting from the environment, without spaces around it."""
    return os.environ.get(name, "").strip() or default


def several(name: str) -> list[str]:
    """The parts of a setting that are separated by commas."""
    return [part.strip() for part in get(name).split(",") if part.strip()]
