"""What an integration may ask for, and how the consent page says it."""

from __future__ import annotations

from collections.abc import Iterable

WORDS = {
    "spark:all": "Use all of Webex messaging on your behalf",
    "spark:kms": "Decrypt what you can read",
    "spark:people_read": "See who you are and look up people in your organization",
    "spark:rooms_read": "See the titles of the spaces you are in",
    "spark:rooms_write": "Create and change spaces on your behalf",
    "spark:messages_read": "Read the messages you can read",
    "spark:messages_write": "Send and delete messages on your behalf",
    "spark:memberships_read": "See who is in your spaces",
    "spark:memberships_write": "Add people to your spaces and take them out",
    "meeting:schedules_read": "See your meetings",
    "meeting:schedules_write": "Schedule meetings on your behalf",
    "identity:tokens_read": "See which applications people have authorized",
    "identity:tokens_write": "Revoke people's authorizations",
}


def in_words(scopes: Iterable[str]) -> list[str]:
    """Return what the scopes allow, in words; a scope that is unknown here stands for itself."""
    return [WORDS.get(scope, scope) for scope in scopes]


def allow(held: Iterable[str] | None, needed: str) -> bool:
    """Tell whether the scopes held cover the one needed; None holds every scope."""
    if held is None:
        return True
    return needed in held or (needed.startswith("spark:") and "spark:all" in held)
