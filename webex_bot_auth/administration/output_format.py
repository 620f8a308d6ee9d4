"""How users and pending logins are printed: as a line for people, or as JSON for programs."""

from __future__ import annotations

import datetime
from typing import Any

from ..clock import seconds_until
from ..models import UserContext
from .redis_flows import PendingFlow


def escape_control_characters(text: str) -> str:
    """Text on one line, in which a terminal finds no commands, whoever wrote it."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def user_as_line(context: UserContext) -> str:
    """For people: the user's id, until when the access token and the login are valid, and the scopes."""
    tokens = context.tokens
    return "  ".join(
        (
            escape_control_characters(context.user_id),
            f"access {_until(tokens.expires_at)}",
            f"login {_until(_login_end(context))}",
            "scopes unknown" if tokens.scope is None else escape_control_characters(tokens.scope),
        )
    )


def user_as_json(context: UserContext) -> dict[str, Any]:
    """The same for programs; None for what is not known."""
    scope = context.tokens.scope
    return {
        "id": context.user_id,
        "access_until": _iso_format(context.tokens.expires_at),
        "login_until": _iso_format(_login_end(context)),
        "scopes": None if scope is None else scope.split(),
    }


def flow_as_line(flow: PendingFlow) -> str:
    """For people: the pending login's reference, and when it expires."""
    expiry = "does not expire" if flow.seconds_left is None else f"expires in {_duration(flow.seconds_left)}"
    return f"{flow.reference}  {expiry}{'' if flow.is_readable else ', encrypted with other keys'}"


def flow_as_json(flow: PendingFlow) -> dict[str, Any]:
    """The same for programs; None as ``seconds_left``: it does not expire."""
    return {
        "reference": flow.reference,
        "readable": flow.is_readable,
        "seconds_left": None if flow.seconds_left is None else round(flow.seconds_left),
    }


def _login_end(context: UserContext) -> datetime.datetime | None:
    """When the user has to log in again; None if that is not known."""
    tokens = context.tokens
    return tokens.refresh_token_expires_at if tokens.refresh_token else tokens.expires_at


def _until(moment: datetime.datetime | None) -> str:
    if moment is None:
        return "without a known end"
    has_passed = (seconds_until(moment) or 0.0) <= 0
    return f"{'expired' if has_passed else 'until'} {_as_utc(moment):%Y-%m-%d %H:%M} UTC"


def _iso_format(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else _as_utc(moment).isoformat()


def _as_utc(moment: datetime.datetime) -> datetime.datetime:
    if moment.tzinfo is None:  # written by an earlier installation, in UTC
        return moment.replace(tzinfo=datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
