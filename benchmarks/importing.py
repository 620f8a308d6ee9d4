"""How long it takes to import the package, once its dependencies are imported."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from .measuring import Figure

#: from pyproject.toml, as far as the package itself imports them at once
DEPENDENCIES = (
    "webex_bot.models.command, webex_bot.exceptions, wxc_sdk, wxc_sdk.integration, requests, pydantic, "
    "redis, yaml, blinker, filelock"
)
_TIME_IT = f"""
import time, {DEPENDENCIES}
started = time.perf_counter()
import webex_bot_auth
webex_bot_auth.RedisTokenManager
print(time.perf_counter() - started)
"""
RUNS = 9


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        # with compiled bytecode, as after an installation
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        _first, *times = [_seconds(environment) for _ in range(RUNS)]
    yield Figure(
        "import webex_bot_auth", statistics.median(times) * 1e3, "ms", 30, "without its dependencies"
    )


def _seconds(environment: dict[str, str]) -> float:
    printed = subprocess.check_output([sys.executable, "-c", _TIME_IT], text=True, env=environment)
    return float(printed)
