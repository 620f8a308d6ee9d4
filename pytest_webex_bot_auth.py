"""The pytest plugin of webex-bot-auth: the fixture ``webex_sandbox``, see ``webex_bot_auth.testing``.

It is outside the package because pytest loads it in every run, even for tests that have nothing to do with
bots. Inside the package, it would import webex_bot and wxc_sdk as well, which takes more than a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webex_bot_auth.testing import WebexSandbox

pytest.register_assert_rewrite("webex_bot_auth.testing.contract")  # failed asserts show the compared values


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    for marker in (
        "webex_sandbox(tls=False, oauth=OAuthSettings()): arguments of the fixture webex_sandbox",
        "holds(number): the test shows a property of tests/PROPERTIES.md of webex-bot-auth",
    ):
        config.addinivalue_line("markers", marker)


@pytest.fixture
def webex_sandbox(request: pytest.FixtureRequest) -> Iterator[WebexSandbox]:
    """A Webex cloud on this machine for one test; it runs bots and stops them when the test ends.

    Yields:
        The sandbox, with the clients of this process pointed at it.
    """
    from webex_bot_auth.testing import WebexSandbox

    marker = request.node.get_closest_marker("webex_sandbox")
    with WebexSandbox(**(marker.kwargs if marker else {})) as sandbox:
        yield sandbox
