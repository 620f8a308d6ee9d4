"""Checks whether the store can be opened, is encrypted, and can be read with the configured keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...errors import StoreError, StoreUnreadable, WrongKey
from ..environment import KEYS
from ..open_store import Store, load, user_ids
from .check_result import CheckResult, error, ok, warning
from .configuration import Configuration


def check_store(configuration: Configuration) -> Iterator[CheckResult]:
    """A result only if the command line names no store that can be opened."""
    if configuration.store_problem:
        yield error("store", configuration.store_problem, "see --yaml, --redis-url and --sql-url in --help")


def check_encryption(configuration: Configuration) -> Iterator[CheckResult]:
    """There are encryption keys, and they are well-formed."""
    keys = configuration.environment.keys()
    if configuration.key_problem:
        fix = "separate keys with commas, the newest first"
        yield error("encryption", f"{KEYS}: {configuration.key_problem}", fix)
    elif not keys:
        message = "none: whoever can read the store, or a copy of it, has the tokens"
        fix = (
            f"create a key with `openssl rand -base64 32`, and set {KEYS} and the bot's encryption_keys to it"
        )
        yield warning("encryption", message, fix)
    else:
        yield ok("encryption", "1 key" if len(keys) == 1 else f"{len(keys)} keys, the first one encrypts")


def check_records(configuration: Configuration) -> Iterator[CheckResult]:
    """Return how many records can be read, need other keys, or are damaged."""
    if configuration.store is None:
        return
    try:
        total, failures = _read_all(configuration.store)
    except StoreError as failure:
        yield error(
            "records", f"cannot be read: {failure}", "fix this first: the bot cannot read its store either"
        )
        return
    if needing_other_keys := failures[WrongKey]:
        message = f"{needing_other_keys} of {total} cannot be decrypted with the keys in {KEYS}"
        yield error("records", message, "add the key that encrypted them; `users` names them")
    if damaged := failures[StoreUnreadable]:
        fix = "`users` names them, `logout USER --force` deletes them"
        yield error("records", f"{damaged} of {total} are damaged", fix)
    if not (needing_other_keys or damaged):
        yield ok("records", f"{total}, all can be read")


def _read_all(store: Store) -> tuple[int, Counter[type[StoreUnreadable]]]:
    """Return how many records there are, and how many of them fail with which error."""
    ids = user_ids(store)
    failures: Counter[type[StoreUnreadable]] = Counter()
    for user_id in ids:
        try:
            load(store, user_id)
        except StoreUnreadable as failure:
            failures[WrongKey if isinstance(failure, WrongKey) else StoreUnreadable] += 1
    return len(ids), failures
