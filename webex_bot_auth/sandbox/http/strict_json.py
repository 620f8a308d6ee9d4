"""JSON of requests, without what only makes trouble later: NaN, lone surrogates and endless nesting."""

from __future__ import annotations

import json
from typing import Any

from flask.json.provider import DefaultJSONProvider

MAX_DEPTH = 100


class StrictJSON(DefaultJSONProvider):
    """Reads JSON strictly; what it does not accept is an error like any other mistake in JSON."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Return what a JSON text says; see ``loads``."""
        return loads(s, **options)


def loads(text: str | bytes, **options: Any) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: It is not JSON, or has NaN, infinity, a lone surrogate or more than 100 levels.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, **options)
    except RecursionError as error:
        raise ValueError("the JSON has too many levels") from error
    _check(value, MAX_DEPTH)
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, levels: int) -> None:
    if levels == 0:
        raise ValueError("the JSON has too many levels")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list | dict):
        for part in value:
            _check(part, levels - 1)
        for part in value.values() if isinstance(value, dict) else ():
            _check(part, levels - 1)
    elif value in (float("inf"), float("-inf")):  # 1e999
        raise ValueError("a number is too large")
