"""Who is in the cloud: people and bots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from . import ids


@dataclass(frozen=True)
class Person:
    """A person or a bot.

    ``token`` is the bot's token, or the person's own access token with every scope; neither expires.
    """

    uuid: str
    email: str
    display_name: str
    is_bot: bool
    is_admin: bool
    created: datetime = field(repr=False)
    token: str = field(repr=False)

    @property
    def id(self) -> str:
        """The id in Webex's REST API."""
        return ids.encode("PEOPLE", self.uuid)


def email_from(name: str, is_bot: bool) -> str:
    """Return an address made from a name: ``Alice Adams`` is ``alice.adams@example.com``."""
    local = ".".join(re.findall(r"[a-z0-9]+", name.lower())) or "someone"
    return f"{local}@{'webex.bot' if is_bot else 'example.com'}"
