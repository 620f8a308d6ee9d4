"""The command ``copy``: every user's tokens from one store to another, while bots use both."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

from ..errors import StoreUnavailable, StoreUnreadable
from ..ground.clock import as_utc
from ..logins.contexts import INTEGRATION, MAX_SWAPS, OTHERS, SECOND_KEY, as_text, bound_to
from ..logins.records import Parsed, Records, parsed
from ..models import UserContext
from ..stores import Record, UserStore
from .environment import KEYS, TO_KEYS, TO_URL, Environment
from .open_store import open_store
from .output_format import escape_control_characters


def copy(options: argparse.Namespace) -> int:
    """Copy all records; those that cannot be read are named on stderr, and the status is 1."""
    environment = Environment()
    keys = environment.keys()
    to_keys = environment.keys(TO_KEYS if environment.get(TO_KEYS) else KEYS)
    urls = {
        name: environment.get(TO_URL) or url if (url := getattr(options, f"to_{name}")) == "env" else url
        for name in ("redis_url", "sql_url")
    }
    prefixes = {"key_prefix": options.to_key_prefix, "table_prefix": options.to_table_prefix}
    to_options = argparse.Namespace(yaml=options.to_yaml, **urls, **prefixes)
    with (
        closing(open_store(options, encryption_keys=keys, must_exist=True)) as source,
        closing(open_store(to_options, encryption_keys=to_keys)) as target,
    ):
        copying = Copying(source.contexts.store, Records(keys), target.contexts.store, Records(to_keys))
        copied, left, faults = copying.run()
    print(f"records copied: {copied}; the target has them already, as new or newer: {left}")
    for fault in faults:
        print(escape_control_characters(f"not copied: {fault}"), file=sys.stderr)
    if faults:
        print(f"records not copied: {len(faults)}", file=sys.stderr)
    return 1 if faults else 0


class Copying:
    """Copies records, each sealed anew for its target.

    Args:
        source: where they are; nothing is changed there
        opens: reads them
        target: where they are written, if there is none or one whose tokens expire earlier
        seals: writes them, and reads what is there
    """

    def __init__(self, source: UserStore, opens: Records, target: UserStore, seals: Records) -> None:
        self._source, self._opens = source, opens
        self._target, self._seals = target, seals

    def run(self) -> tuple[int, int, list[StoreUnreadable]]:
        """Return how many were written, how many were not needed, and an error for each of the others.

        Raises:
            StoreUnavailable: one of the stores cannot be used
        """
        copied, left, faults = 0, 0, []
        for key in dict.fromkeys(self._source.users()):
            record = self._source.read(key)
            try:
                parts = _parts(key, parsed(record, f"{self._source}, user {key}")) if record else {}
            except StoreUnreadable as fault:
                faults.append(fault)
                continue
            for part_key, part in parts.items():
                try:
                    done = self._copy(part_key, part)
                    copied, left = copied + done, left + (not done)
                except StoreUnreadable as fault:
                    faults.append(fault)
        return copied, left, faults

    def _copy(self, key: str, part: Parsed) -> bool:
        second = SECOND_KEY.fullmatch(key)
        user_id, integration = second[2] if second else key, part.get(INTEGRATION)
        context = _context(self._opens, user_id, part, f"{self._source}, user {key}")
        plain = parsed(self._seals.dump(context, bound_to=bound_to(user_id, integration)), "")
        new = as_text(plain, integration)
        for _ in range(MAX_SWAPS):
            to_key, record = self._place(key, user_id, integration)
            if record is not None:
                place = f"{self._target}, user {to_key}"
                there = _context(self._seals, user_id, parsed(record, place), place)
                if _expires(there) >= _expires(context):
                    return False
            if self._target.swap(to_key, record, new):
                return True
        raise StoreUnavailable(f"{self._target}, user {user_id}", "changes all the time")

    def _place(self, key: str, user_id: str, integration: str | None) -> tuple[str, Record | None]:
        """Return where the target has, or would have, this integration's record, and the record."""
        first = self._target.read(user_id)
        if integration is None:
            return user_id, first
        second_key = f"integration {integration}: {user_id}"
        second = self._target.read(second_key)
        if second is not None or first is None:
            return (key, first) if second is None else (second_key, second)
        is_same = (
            parsed(first, f"{self._target}, user {user_id}").get(INTEGRATION, integration) == integration
        )
        return (user_id, first) if is_same else (second_key, None)


def _parts(key: str, whole: Parsed) -> dict[str, Parsed]:
    """Return the records under a key: one, or several where an older version wrote it."""
    others: Any = whole.pop(OTHERS, None)
    parts = others.items() if isinstance(others, dict) else ()
    return {key: whole} | {f"integration {name}: {key}": {INTEGRATION: name, **part} for name, part in parts}


def _context(records: Records, user_id: str, plain: Parsed, place: str) -> UserContext:
    bound = bound_to(user_id, plain.get(INTEGRATION))
    context = records.load(UserContext, plain, bound_to=bound, place=place)
    if context.user_id != user_id:
        raise StoreUnreadable(place, "the record belongs to another user")
    return context


def _expires(context: UserContext) -> datetime:
    moment = context.tokens.expires_at
    return datetime.min.replace(tzinfo=timezone.utc) if moment is None else as_utc(moment)
