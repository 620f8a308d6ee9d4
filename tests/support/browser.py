"""A real browser. CI must have it; elsewhere its tests say loudly that there is none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import browser_setup
import pytest
from playwright.sync_api import Browser, sync_playwright

#: Chromium as root in a container, and quiet on the network
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--no-proxy-server",
]  # fmt: skip


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium for the length of a ``with`` block."""
    path = browser_setup.executable()
    if path is None:
        message = "NO BROWSER: install Chromium, or run `python -m playwright install chromium`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
