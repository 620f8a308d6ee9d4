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
from typing import Any, NamedTuple

from ..models import reference
from ..stores import Record

#: stands for the client id of an administrator who does not know it: all parts are read then
ANY_INTEGRATION = "-"

_INTEGRATION, _OTHERS = "integration", "others"


class Part(NamedTuple):
    """One part of a record.

    Attributes:
        integration: reference of the client id; None: written by an earlier installation
        text: a JSON object
    """

    integration: str | None
    text: Record


def reference_to(client_id: str) -> str | None:
    """What stands for an integration in records; None: all of them."""
    return None if client_id == ANY_INTEGRATION else reference(client_id)


def part_for(record: Record, integration: str | None) -> Part | None:
    """The part of an integration, or of an earlier installation; None: there is neither.

    Args:
        record: the whole record
        integration: whose part; None: the first one

    Raises:
        ValueError: not JSON
        RecursionError: nested too deeply
    """
    if not _names_integration(record):
        return Part(None, record)
    found = _parts(record)
    first = next(iter(found))
    if first is None or integration is None or first == integration:
        return Part(first, record)
    return Part(integration, json.dumps(found[integration])) if integration in found else None


def parts_of(record: Record) -> list[Part]:
    """All parts of a record.

    Raises:
        ValueError: not JSON
        RecursionError: nested too deeply
    """
    return [Part(integration, json.dumps(part)) for integration, part in _parts(record).items()]


def with_part(record: Record | None, integration: str | None, text: str | None) -> str | None:
    """The whole record after a change of one part; None: nothing is left of it.

    Args:
        record: the record before; what cannot be read is replaced
        integration: whose part; None: all of it
        text: the new part, or None to delete it
    """
    if integration is None:
        return text
    new = None if text is None else f'{{"{_INTEGRATION}": "{integration}", {text[1:]}'
    try:
        parts = _parts(record) if record is not None and _names_integration(record) else {}
    except (ValueError, RecursionError):
        return new
    if not parts.keys() - {None, integration}:
        return new
    if new is None:
        parts.pop(integration, None)
    else:
        parts[integration] = json.loads(new)
    (_, first), *others = parts.items()
    return json.dumps({**first, _OTHERS: dict(others)} if others else first)


def _parts(record: Record) -> dict[str | None, Any]:
    whole = json.loads(record)
    others = whole.pop(_OTHERS, None) if isinstance(whole, dict) else None
    integration = whole.get(_INTEGRATION) if isinstance(whole, dict) else None
    first = integration if isinstance(integration, str) else None
    known = others.items() if first and isinstance(others, dict) else ()
    return {first: whole, **{name: part for name, part in known if isinstance(part, dict)}}


def _names_integration(record: Record) -> bool:
    """Most records of earlier installations need not be parsed for it."""
    return (_INTEGRATION.encode() if isinstance(record, bytes) else _INTEGRATION) in record  # type: ignore[operator]
