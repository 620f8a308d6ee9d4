"""Marks tests by their fixtures, so that ``make quick`` can leave out what needs a browser or programs."""

from __future__ import annotations

import pytest

#: marker: fixtures
FIXTURES = {
    "browser": {"browser"},
    "servers": {
        "built",  # test_packaging
        "durable_server",
        "own_server",
        "production",
        "pytester",
        "redis_server",
        "started",  # Sentinels, a cluster
    },
}


def mark(item: pytest.Item) -> None:
    """Add the markers that follow from a test's fixtures, and from parameters that ask for a Redis."""
    fixtures = set(getattr(item, "fixturenames", ()))
    for name, needed in FIXTURES.items():
        if fixtures & needed:
            item.add_marker(name)
    parameters = getattr(item, "callspec", None) and item.callspec.params.values()  # type: ignore[attr-defined]
    if any(isinstance(value, str) and value.startswith("redis") for value in parameters or ()):
        item.add_marker("servers")
