"""Marks tests by what they use, so that ``make quick`` can leave some out; puts the longest first."""

from __future__ import annotations

import pytest

#: marker: fixtures, and names in the code of a test
USES = {
    "browser": {"browser", "chromium"},
    "servers": {
        "Demo",
        "built",  # test_packaging
        "as_nobody",
        "durable_server",
        "in_processes",
        "multiprocessing",
        "nginx",
        "own_server",
        "postgres_server",
        "production",
        "program",  # support.tools
        "pytester",
        "redis_server",
        "started",  # Sentinels, a cluster
        "subprocess",
    },
}


#: the files that take longest begin, so that no process has one left when the others are done
LONGEST = (
    "test_production.py",
    "test_sentinel.py",
    "test_cluster.py",
    "test_chaos.py",
    "test_documentation.py",
    "test_testing.py",
    "test_end_to_end.py",
    "test_redirect_random_queries.py",
    "test_packaging.py",
    "test_redirect_endings.py",
    "test_backends.py",
    "test_login_cards_go.py",
    "test_page_messages.py",
    "test_workbench.py",
)


def order(item: pytest.Item) -> int:
    """Where the file of a test comes."""
    return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)


def mark(item: pytest.Item) -> None:
    """Add the markers that follow from a test's fixtures, names and parameters."""
    assert isinstance(item, pytest.Function)
    used = {*item.fixturenames, *item.function.__code__.co_names}
    for name, needed in USES.items():
        if used & needed:
            item.add_marker(name)
    parameters = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    if any(isinstance(value, str) and value.startswith("redis") for value in parameters):
        item.add_marker("servers")
    if any(isinstance(value, str) and value.endswith("-encrypted") for value in parameters):
        item.add_marker("encrypted")
