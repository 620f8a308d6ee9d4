"""The pytest plugin of webex-bot-auth: the fixture ``webex_sandbox``, see :mod:`webex_bot_auth.testing`.

A module of its own, because pytest loads it in every run, for tests that have nothing to do with bots too:
within the package it would bring webex_bot and wxc_sdk along, which take more than a second.
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
        "webex_sandbox(tls=False, oauth=OAuthSettings()): what the fixture webex_sandbox is made with",
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
