"""How users and pending logins are printed: as lines for people, or as JSON for programs."""

from __future__ import annotations

import datetime
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import StoreError
from ..ground.clock import as_utc, seconds_until
from ..models import UserContext, person_uuid
from .pending_flows import PendingFlow

#: of a line, and of the name in it; characters
MAX_WIDTH = 80
MAX_NAME = 36
#: faults of one kind that have a line each
MAX_LINES = 3


def escape_control_characters(text: str) -> str:
    """Text on one line, in which a terminal finds no commands, whoever wrote it."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def users_as_table(contexts: list[UserContext]) -> Iterator[str]:
    """For people: who is logged in, and until when; lines of at most 80 characters.

    Many people have granted the same scopes: these are numbered, and listed once below the table.
    """
    names = [who(context) for context in contexts]
    width = min(max([len("USER"), *map(len, names)]), MAX_NAME)
    scopes = list(dict.fromkeys(_scopes(context) for context in contexts))
    yield f"{'USER':{width}}  {'LOGIN UNTIL':16}  {'ACCESS UNTIL':16}  SCOPES"
    for name, context in zip(names, contexts, strict=True):
        short = name if len(name) <= width else f"{name[: width - 1]}…"
        login, access = _until(context.login_ends), _until(context.tokens.expires_at)
        yield f"{short:{width}}  {login:16}  {access:16}  [{scopes.index(_scopes(context)) + 1}]"
    if contexts:
        yield ""
        for number, text in enumerate(scopes, 1):
            yield from textwrap.wrap(
                f"[{number}] {text}", MAX_WIDTH, subsequent_indent="    ", break_on_hyphens=False
            )
        yield "Times are in UTC."


def who(context: UserContext) -> str:
    """What a user is called: the address or name where it is known, or else the id, which is shorter bare."""
    return escape_control_characters(context.email or context.display_name or person_uuid(context.user_id))


def user_as_json(context: UserContext) -> dict[str, Any]:
    """The same for programs; None for what is not known."""
    scope = context.tokens.scope
    return {
        "id": context.user_id,
        "name": context.display_name,
        "email": context.email,
        "access_until": _iso_format(context.tokens.expires_at),
        "login_until": _iso_format(context.login_ends),
        "scopes": None if scope is None else scope.split(),
    }


def faults_as_lines(faults: Iterable[StoreError], *, verbose: bool) -> Iterator[str]:
    """Return what is wrong with records; a fault of many has one line.

    Args:
        faults: one for each record
        verbose: a line for each record all the same
    """
    kinds: dict[str, list[StoreError]] = defaultdict(list)
    for fault in faults:
        kinds[str(fault).removeprefix(f"{fault.place}: ")].append(fault)
    for problem, alike in kinds.items():
        if verbose or len(alike) <= MAX_LINES:
            yield from map(str, alike)
        else:
            yield f"{len(alike)} users: {problem}; --verbose names them"


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


def _scopes(context: UserContext) -> str:
    return escape_control_characters(context.tokens.scope or "not known")


def _until(moment: datetime.datetime | None) -> str:
    if moment is None:
        return "not known"
    has_passed = (seconds_until(moment) or 0.0) <= 0
    return "expired" if has_passed else f"{_in_utc(moment):%Y-%m-%d %H:%M}"


def _iso_format(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else _in_utc(moment).isoformat()


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    try:
        return as_utc(moment)
    except OverflowError:  # in UTC it is before the year 1 or after 9999: as it was written
        return moment


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
