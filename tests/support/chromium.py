"""A real browser without a window. ``make test`` installs one; without it, the tests that need it fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browser_setup import executable
from playwright.sync_api import Browser, expect, sync_playwright

expect.set_options(timeout=30_000)  # maximum wait; tests share the machine with other programs
#: options for Chromium as root in a container, without network traffic of its own
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--no-proxy-server",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium for the length of a ``with`` block."""
    path = executable()
    if path is None:
        pytest.fail("there is no Chromium: run `python tests/browser_setup.py`, as `make test` does")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
