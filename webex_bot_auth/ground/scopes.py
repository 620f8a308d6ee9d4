"""Scopes: what is in a list of them, and what a list lacks.

Source: https://developer.webex.com/docs/integrations ("Scopes")
"""

from __future__ import annotations

from collections.abc import Iterable

#: stands for every scope that begins with ``spark:``
ALL = "spark:all"


def as_list(scopes: str | Iterable[str] | None) -> list[str]:
    """Scopes as a list, from any iterable or from text with spaces (RFC 6749 section 3.3) or commas."""
    return (scopes if isinstance(scopes, str) else " ".join(scopes or ())).replace(",", " ").split()


def lacking(scopes: str | Iterable[str] | None, needed: Iterable[str]) -> list[str]:
    """Return which of the needed scopes are not covered by others."""
    known = set(as_list(scopes))
    has_all = ALL in known
    return [scope for scope in needed if scope not in known and not (has_all and scope.startswith("spark:"))]
