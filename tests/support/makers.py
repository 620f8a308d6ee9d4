"""Types of the fixtures that make managers, and encryption keys for them."""

from __future__ import annotations

from collections.abc import Callable

from webex_bot_auth import TokenManager

#: makes another manager over the same store, as another process would have it
MakeManager = Callable[..., TokenManager]
#: makes a manager, from a bot token and an integration
Make = Callable[..., TokenManager]

KEY = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80="
#: the key that follows ``KEY`` when keys are rotated
NEW_KEY = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
