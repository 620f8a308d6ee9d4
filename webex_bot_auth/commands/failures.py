"""What an exception of a command means."""

from __future__ import annotations

import logging
import secrets

from ..models import UserContext

log = logging.getLogger(__name__)


def report(command: str, error: Exception) -> str:
    """Write an exception to the log.

    Args:
        command: the command's name
        error: what it raised

    Returns:
        a reference, which names the entry
    """
    reference = secrets.token_hex(4)
    log.error("command %r failed, reference %s", command, reference, exc_info=error)
    return reference


def is_refusal_of(context: UserContext, error: BaseException) -> bool:
    """Whether Webex answered 401 to this very token. (Commands may use other tokens and other services.)"""
    cause = error.__cause__ or error.__context__
    if cause is not None and is_refusal_of(context, cause):
        return True
    response = getattr(error, "response", None)
    headers = getattr(getattr(response, "request", None), "headers", {})
    return (
        getattr(response, "status_code", None) == 401
        and headers.get("Authorization") == f"Bearer {context.tokens.access_token}"
    )
