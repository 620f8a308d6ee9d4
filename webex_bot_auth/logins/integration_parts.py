"""A user's record has a part for each integration that the user has logged in to.

Tokens belong to the integration (client id) that they were given to: another one cannot refresh them, and the
user has not allowed it to use them. Bots with one integration share its part. Bots with several integrations
keep theirs apart, in one record, so that compare and set protects all of it.

The first part is the record itself, ``{"integration": ..., "user_id": ..., "tokens": ...}``, and those of
other integrations are in its ``"others"``. A record without ``"integration"`` is that of an earlier
installation: each integration takes it for its own.
"""

from __future__ import annotations

import json
from typing import Any

from ..models import reference

#: stands for the client id of an administrator who does not know it: all parts are read then
ANY_INTEGRATION = "-"

_INTEGRATION, _OTHERS = "integration", "others"

#: parts by reference of the client id; None: written by an earlier installation
Parts = dict[str | None, dict[str, Any]]


def reference_to(client_id: str) -> str | None:
    """What stands for an integration in records; None: all of them."""
    return None if client_id == ANY_INTEGRATION else reference(client_id)


def parts_of(whole: dict[str, Any]) -> Parts:
    """The parts of a whole record, the first one first."""
    first, others = whole.get(_INTEGRATION), whole.get(_OTHERS)
    if not isinstance(first, str):
        return {None: whole}
    parts: Parts = {first: {name: value for name, value in whole.items() if name != _OTHERS}}
    if isinstance(others, dict):
        parts.update((name, part) for name, part in others.items() if isinstance(part, dict))
    return parts


def joined(parts: Parts) -> str | None:
    """The whole record; None: there are no parts."""
    if not parts:
        return None
    (first, whole), *others = ((name, _named(name, part)) for name, part in parts.items())
    if first is not None and others:
        whole[_OTHERS] = dict(others)
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def _named(integration: str | None, part: dict[str, Any]) -> dict[str, Any]:
    return dict(part) if integration is None else {_INTEGRATION: integration, **part}
