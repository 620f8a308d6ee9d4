"""Marks tests by what they use, so that ``make quick`` can leave out browsers and other programs."""

from __future__ import annotations

import pytest

#: marker: fixtures, and names in the code of a test
USES = {
    "browser": {"browser", "chromium"},
    "servers": {
        "built",  # test_packaging
        "durable_server",
        "in_processes",
        "multiprocessing",
        "own_server",
        "production",
        "pytester",
        "redis_server",
        "started",  # Sentinels, a cluster
        "subprocess",
    },
}


def mark(item: pytest.Item) -> None:
    """Add the markers that follow from a test's fixtures, names and parameters."""
    assert isinstance(item, pytest.Function)
    used = {*item.fixturenames, *item.function.__code__.co_names}
    for name, needed in USES.items():
        if used & needed:
            item.add_marker(name)
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    if any(isinstance(value, str) and value.startswith("redis") for value in parameters):
        item.add_marker("servers")
