"""``doctor``: looks at a real configuration, and says what is wrong and how to mend it."""

from __future__ import annotations

import argparse
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

from ..errors import SettingError
from .checks import CHECKS, Check, Patient
from .finding import Finding, Level, wrong
from .settings import Environment, Store, open_store
from .wording import printable

REPORT = "please report it"
#: no check takes longer, and as they run side by side, nor do all of them
LONGEST_SECONDS = 20.0


def doctor(options: argparse.Namespace) -> int:
    """Print a line for each check; the status is 1 where something is wrong."""
    counts: Counter[Level] = Counter()
    for finding in _findings(options):
        print(printable(str(finding)), flush=True)
        counts[finding.level] += 1
    print(f"\n{counts[Level.WRONG]} wrong, {counts[Level.WARNING]} to think about, {counts[Level.OK]} ok")
    return 1 if counts[Level.WRONG] else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    patient = _patient(options)
    with ExitStack() as opened:
        if patient.store is not None:
            opened.callback(_close, patient.store)
        deadline = time.monotonic() + LONGEST_SECONDS
        running = [(check, _start(check, patient)) for check in CHECKS]
        for check, outcome in running:
            yield from _outcome(check, outcome, deadline)


def _close(store: Store) -> None:
    """Not longer than a second: a check that hangs may hold the store's lock."""
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    closing.join(timeout=1.0)


def _patient(options: argparse.Namespace) -> Patient:
    """The configuration, with the store as far as it can be opened."""
    environment = Environment()
    store, key_problem = _store(options, environment.keys()), None
    if isinstance(store, SettingError) and store.setting == "encryption_keys":
        key_problem = str(store).removeprefix("encryption_keys: ")
        store = _store(options, [])
    if isinstance(store, SettingError):
        return Patient(environment, None, str(store), key_problem, options.device)
    return Patient(environment, store, None, key_problem, options.device)


def _store(options: argparse.Namespace, keys: list[str]) -> Store | SettingError:
    try:
        return open_store(options, encryption_keys=keys)
    except SettingError as error:
        return error


def _start(check: Check, patient: Patient) -> queue.SimpleQueue[list[Finding]]:
    """Run a check in a thread of its own, which is left alone when time is up."""
    outcome: queue.SimpleQueue[list[Finding]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(list(check(patient)))
        except Exception as error:  # noqa: BLE001 (no check stops the others; texts may quote secrets)
            outcome.put([wrong(_name(check), f"the check itself failed ({type(error).__name__})", REPORT)])

    threading.Thread(target=run, name=f"webex_bot_auth-{_name(check)}", daemon=True).start()
    return outcome


def _outcome(check: Check, outcome: queue.SimpleQueue[list[Finding]], deadline: float) -> list[Finding]:
    try:
        return outcome.get(timeout=max(0.01, deadline - time.monotonic()))
    except queue.Empty:
        told = f"not known after {LONGEST_SECONDS:g} s"
        return [wrong(_name(check), told, "something on the way there does not answer: network, proxy, disk")]


def _name(check: Check) -> str:
    return check.__name__.replace("_", " ")
