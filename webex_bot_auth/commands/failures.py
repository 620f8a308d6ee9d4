"""What an exception of a command means. Some exceptions raise another one when an attribute is read."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator
from typing import Any

import requests

from ..models import UserContext
from ..webex.bounded_http import retry_after

log = logging.getLogger(__name__)


def report(command: str, error: BaseException, context: UserContext | None = None) -> str:
    """Write an exception to the log, without the caller's tokens.

    Args:
        command: the command's name
        error: what it raised
        context: the caller's login; None: it is not known

    Returns:
        a reference, which names the entry
    """
    reference = secrets.token_hex(4)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    tokens = (context.tokens.access_token, context.tokens.refresh_token) if context else ()
    for token in filter(None, tokens):
        text = text.replace(token, "***")
    log.error("command %r failed, reference %s\n%s", command, reference, text)
    return reference


def is_refusal_of(context: UserContext, error: BaseException) -> bool:
    """Whether Webex answered 401 to this very token. (Commands may use other tokens and other services.)"""
    bearer = f"Bearer {context.tokens.access_token}"
    return any(_status(one) == 401 and _authorization(one) == bearer for one in _all_of(error))


def is_rate_limit(error: BaseException) -> bool:
    """Tell whether somebody answered 429: too many requests."""
    return any(_status(one) == 429 for one in _all_of(error))


def passing_fault(error: BaseException) -> float | None:
    """Return after how many seconds a call that failed so may work; None: it will not."""
    status = _status(error)
    if status == 429 or (isinstance(status, int) and status >= 500):
        return max(1.0, retry_after(_get(_get(error, "response"), "headers") or {}) or 0.0)
    return 1.0 if status is None and isinstance(error, requests.RequestException) else None


def describe(error: BaseException) -> str:
    """Return what kind of error it is, without its text, which may quote anything."""
    status = _status(error)
    return f"{type(error).__name__}{f', HTTP {status}' if status else ''}"


def _all_of(error: BaseException) -> Iterator[BaseException]:
    """An exception, its causes, and the members of groups; each once, as causes may form a circle."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *(_get(one, "exceptions") or ())]


def _status(error: BaseException) -> Any:
    """The status of an answer, as requests and wxc_sdk have it, or aiohttp and wxc_sdk's asynchronous API."""
    return _get(_get(error, "response"), "status_code") or _get(error, "status")


def _authorization(error: BaseException) -> Any:
    request = _get(_get(error, "response"), "request") or _get(error, "request_info")
    return _get(request, "headers", "Authorization")


def _get(thing: Any, name: str, item: str | None = None) -> Any:
    """An attribute, or an item of it; None where there is none, or where looking raises."""
    try:
        found = getattr(thing, name, None)
        return found if item is None or found is None else found.get(item)
    except Exception:  # noqa: BLE001 (a command's exception may do anything)
        return None
