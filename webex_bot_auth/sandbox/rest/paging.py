"""Lists in pages: ``max``, and the ``Link`` header that leads to the next page."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from ..http.strict_json import loads
from ..model.errors import WebexError

T = TypeVar("T")
MAX = 1000


def page(
    items: Iterable[T],
    key: Callable[[T], list[Any]],
    shape: Callable[[T], Any],
    *,
    size: int,
    largest: int = MAX,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return one page of a list; what is deleted or added meanwhile does not move what comes on the next.

    Args:
        items: The whole list.
        key: Returns the place of an item in the list: no two have the same.
        shape: Returns the JSON of an item.
        size: How many items a page has, where the request does not say.
        largest: The largest ``max`` that a request may have.
        more: Further fields of the answer.

    Raises:
        WebexError: 400, ``max`` or the cursor is wrong.
    """
    limit, after = _limit(size, largest), _cursor()
    try:
        waiting = sorted((one for one in items if after is None or key(one) > after), key=key)
    except TypeError as error:
        raise _wrong_cursor() from error
    shown = waiting[:limit]
    answer = jsonify({**(more or {}), "items": [shape(one) for one in shown]})
    if len(waiting) > limit:
        cursor = base64.urlsafe_b64encode(json.dumps(key(shown[-1])).encode()).decode()
        query = urlencode({**request.args.to_dict(), "cursor": cursor})
        answer.headers["Link"] = f'<{request.base_url}?{query}>; rel="next"'
    return answer


def _limit(size: int, largest: int) -> int:
    written = request.args.get("max") or str(min(size, largest))
    if not written.isascii() or not written.isdigit() or len(written) > 9 or not 1 <= int(written) <= largest:
        raise WebexError(400, f"max must be between 1 and {largest}.")
    return int(written)


def _cursor() -> list[Any] | None:
    written = request.args.get("cursor")
    if not written:
        return None
    try:
        return list(loads(base64.urlsafe_b64decode(written)))
    except (ValueError, TypeError) as error:
        raise _wrong_cursor() from error


def _wrong_cursor() -> WebexError:
    return WebexError(400, "The cursor is not one that this list has given out.")
