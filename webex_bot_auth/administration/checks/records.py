"""The store: can it be opened, are its records encrypted, and can they be read with our keys?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...errors import StoreError, StoreUnreadable, WrongKey
from ..finding import Finding, ok, warning, wrong
from ..settings import KEYS, Store
from .patient import Patient


def store(patient: Patient) -> Iterator[Finding]:
    """Only where the command line names none that could be."""
    if patient.store_problem:
        yield wrong("store", patient.store_problem, "see --yaml and --redis-url in --help")


def encryption(patient: Patient) -> Iterator[Finding]:
    """Keys are there, and are keys."""
    keys = patient.environment.keys()
    if patient.key_problem:
        mend = "commas between them, the newest first"
        yield wrong("encryption", f"{KEYS}: {patient.key_problem}", mend)
    elif not keys:
        mend = f"give the bot encryption_keys, put the same into {KEYS}; `openssl rand -base64 32` makes one"
        yield warning("encryption", "none: whoever reads the store or a copy of it has the tokens", mend)
    else:
        yield ok("encryption", f"{len(keys)} {'key' if len(keys) == 1 else 'keys, the first encrypts'}")


def records(patient: Patient) -> Iterator[Finding]:
    """How many can be read, need other keys, or are damaged."""
    if patient.store is None:
        return
    try:
        counts = _counts(patient.store)
    except StoreError as error:
        yield wrong("records", f"not read: {error}", "without that, nobody can be logged in")
        return
    if others := counts[WrongKey]:
        told = f"{others} of {counts.total()} cannot be opened with the keys in {KEYS}"
        yield wrong("records", told, "add the key they were made with; `users` names them")
    if damaged := counts[StoreUnreadable]:
        mend = "`users` names them, `logout USER --force` removes them"
        yield wrong("records", f"{damaged} of {counts.total()} are damaged", mend)
    if not (others or damaged):
        yield ok("records", f"{counts.total()}, all can be read")


def _counts(store: Store) -> Counter[type]:
    """Records by what reading them ends with; ``object`` where it goes well."""
    counts: Counter[type] = Counter()
    for user_id in set(store.users()):
        try:
            store.get_user_context(user_id=user_id)
        except StoreUnreadable as error:
            counts[type(error)] += 1
        else:
            counts[object] += 1
    return counts
