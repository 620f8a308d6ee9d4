"""The command ``doctor``: checks a real configuration, and prints what is wrong and how to fix it."""

from __future__ import annotations

import argparse
import threading
from collections import Counter
from contextlib import ExitStack

from ..errors import SettingError
from .checks.check_result import Level
from .checks.configuration import Configuration
from .checks.run_checks import run_checks
from .environment import Environment
from .open_store import Store, open_store
from .output_format import escape_control_characters

#: maximum wait for a store to close, in seconds
MAX_CLOSE_SECONDS = 1.0


def doctor(options: argparse.Namespace) -> int:
    """Print a line for each result; the exit status is 1 if one of them is an error."""
    counts: Counter[Level] = Counter()
    configuration = _configuration(options)
    with ExitStack() as opened:
        if configuration.store is not None:
            opened.callback(_close, configuration.store)
        for result in run_checks(configuration):
            print(escape_control_characters(str(result)), flush=True)
            counts[result.level] += 1
    print(
        f"\nresult: {_number(counts, Level.ERROR)}, {_number(counts, Level.WARNING)}, {counts[Level.OK]} ok"
    )
    return 1 if counts[Level.ERROR] else 0


def _number(counts: Counter[Level], level: Level) -> str:
    return f"{counts[level]} {level.value}{'' if counts[level] == 1 else 's'}"


def _close(store: Store) -> None:
    """Close the store, without waiting for a check that hangs while it holds the store's lock."""
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    closing.join(timeout=MAX_CLOSE_SECONDS)


def _configuration(options: argparse.Namespace) -> Configuration:
    """The configuration, with the store if it can be opened; without encryption if the keys are wrong."""
    environment = Environment()
    store, key_problem = _store_or_error(options, environment.keys()), None
    if isinstance(store, SettingError) and store.setting == "encryption_keys":
        key_problem = str(store).removeprefix("encryption_keys: ")
        store = _store_or_error(options, [])
    if isinstance(store, SettingError):
        return Configuration(environment, None, str(store), key_problem, options.device)
    return Configuration(environment, store, None, key_problem, options.device)


def _store_or_error(options: argparse.Namespace, keys: list[str]) -> Store | SettingError:
    try:
        return open_store(options, encryption_keys=keys)
    except SettingError as error:
        return error
