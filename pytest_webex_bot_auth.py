"""The pytest plugin of webex-bot-auth: the fixture ``webex_sandbox``, see :mod:`webex_bot_auth.testing`.

This is a module of its own, because pytest loads it in every run, also for tests that have nothing to do with
bots: as part of the package it would import webex_bot and wxc_sdk, which takes more than a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webex_bot_auth.testing import WebexSandbox

pytest.register_assert_rewrite("webex_bot_auth.testing.contract")  # a failure shows both sides


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "webex_sandbox(tls=False, oauth=OAuthSettings()): arguments for the fixture webex_sandbox",
        "holds(number): shows a property of tests/PROPERTIES.md of webex-bot-auth",
    ):
        config.addinivalue_line("markers", marker)


@pytest.fixture
def webex_sandbox(request: pytest.FixtureRequest) -> Iterator[WebexSandbox]:
    """A Webex cloud on this machine, for one test; runs bots, and stops them when the test ends."""
    from webex_bot_auth.testing import WebexSandbox

    marker = request.node.get_closest_marker("webex_sandbox")
    with WebexSandbox(**(marker.kwargs if marker else {})) as sandbox:
        yield sandbox
