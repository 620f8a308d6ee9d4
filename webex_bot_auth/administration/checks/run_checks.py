"""Runs all checks at the same time, and waits a limited time for them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from .bot_token_and_integration import check_bot_token_and_clock, check_client_id_and_secret
from .check_result import CheckResult, error
from .configuration import Configuration
from .encryption_and_records import check_encryption, check_records, check_store
from .redirect_address import check_redirect_address
from .redis_requirements import check_redis
from .registration import check_registration
from .settings_and_scopes import check_scopes, check_settings
from .yaml_file_permissions import check_yaml_file

Check = Callable[[Configuration], Iterable[CheckResult]]
_Outcome = queue.SimpleQueue[list[CheckResult]]

#: all checks, by their names, in the order in which their results are printed
CHECKS: Mapping[str, Check] = {
    "settings": check_settings,
    "scopes": check_scopes,
    "bot token and clock": check_bot_token_and_clock,
    "client id and secret": check_client_id_and_secret,
    "registration": check_registration,
    "redirect address": check_redirect_address,
    "store": check_store,
    "Redis": check_redis,
    "file": check_yaml_file,
    "encryption": check_encryption,
    "records": check_records,
}
#: maximum wait for all checks together, in seconds
MAX_SECONDS = 20.0


def run_checks(configuration: Configuration) -> Iterator[CheckResult]:
    """Run all checks; a check that fails or hangs does not stop the others.

    Yields:
        the results of each check, in the order of :data:`CHECKS`
    """
    deadline = time.monotonic() + MAX_SECONDS
    running = {name: _start(name, check, configuration) for name, check in CHECKS.items()}
    for name, outcome in running.items():
        yield from _wait(name, outcome, deadline)


def _start(name: str, check: Check, configuration: Configuration) -> _Outcome:
    """Run a check in a thread of its own, which is abandoned when time is up."""
    outcome: _Outcome = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(list(check(configuration)))
        except Exception as failure:  # noqa: BLE001 (no check stops the others; texts may quote secrets)
            message = f"the check itself failed ({type(failure).__name__})"
            outcome.put([error(name, message, "please report this as a bug")])

    threading.Thread(target=run, name=f"webex_bot_auth-{name}", daemon=True).start()
    return outcome


def _wait(name: str, outcome: _Outcome, deadline: float) -> list[CheckResult]:
    try:
        return outcome.get(timeout=max(0.01, deadline - time.monotonic()))
    except queue.Empty:
        fix = "check the network, the proxy and the disk: one of them does not answer"
        return [error(name, f"no result after {MAX_SECONDS:g} s", fix)]
