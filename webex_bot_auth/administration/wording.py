"""How users and flows are written down: a line for people, a mapping for machines."""

from __future__ import annotations

import datetime
from typing import Any

from ..user_context.diagnosis import FlowUnderWay
from ..user_context.models import UserContext, seconds_until


def printable(text: str) -> str:
    """Text from outside on one line, and without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def user_line(context: UserContext) -> str:
    tokens = context.tokens
    return "  ".join(
        (
            printable(context.user_id),
            f"access {_until(tokens.expires_at)}",
            f"login {_until(_login_end(context))}",
            "scopes unknown" if tokens.scope is None else printable(tokens.scope),
        )
    )


def user_facts(context: UserContext) -> dict[str, Any]:
    scope = context.tokens.scope
    return {
        "id": context.user_id,
        "access_until": _iso(context.tokens.expires_at),
        "login_until": _iso(_login_end(context)),
        "scopes": None if scope is None else scope.split(),
    }


def flow_line(flow: FlowUnderWay) -> str:
    ends = "without an end" if flow.seconds_left is None else f"ends in {_span(flow.seconds_left)}"
    return f"{flow.reference}  {ends}{'' if flow.is_readable else ', encrypted with other keys'}"


def flow_facts(flow: FlowUnderWay) -> dict[str, Any]:
    return {
        "reference": flow.reference,
        "readable": flow.is_readable,
        "seconds_left": None if flow.seconds_left is None else round(flow.seconds_left),
    }


def _login_end(context: UserContext) -> datetime.datetime | None:
    """When a new login is needed; None where that is not known."""
    tokens = context.tokens
    return tokens.refresh_token_expires_at if tokens.refresh_token else tokens.expires_at


def _until(moment: datetime.datetime | None) -> str:
    if moment is None:
        return "without a known end"
    is_past = (seconds_until(moment) or 0.0) <= 0
    return f"{'expired' if is_past else 'until'} {_utc(moment):%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else _utc(moment).isoformat()


def _utc(moment: datetime.datetime) -> datetime.datetime:
    if moment.tzinfo is None:  # written by an earlier installation
        return moment.replace(tzinfo=datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
