"""The people and bots of the sandbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import ids


@dataclass(eq=False)
class Person:
    """A person or a bot.

    Attributes:
        uuid: The UUID.
        email: The email address, in lower case.
        display_name: The name that others see.
        is_bot: True for a bot.
        is_admin: True for an administrator, who may also be compliance officer: sees all people and events,
            and revokes authorizations.
        created: When the person or bot was added.
        token: The bot token, or the person's own access token with every scope; neither expires.
        details: Further fields of the REST API, for example ``department``.
        number: Its place in lists.
    """

    uuid: str
    email: str
    display_name: str
    is_bot: bool
    is_admin: bool
    created: datetime = field(repr=False)
    token: str = field(repr=False)
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    number: int = field(default_factory=ids.next_number, repr=False)

    @property
    def id(self) -> str:
        """The ID in the REST API."""
        return ids.encode("PEOPLE", self.uuid)


def email_from(name: str, is_bot: bool) -> str:
    """Return an email address made from a name, for example ``alice.adams@example.com``."""
    local = ".".join(re.findall(r"[a-z0-9]+", name.lower())) or "someone"
    return f"{local}@{'webex.bot' if is_bot else 'example.com'}"
