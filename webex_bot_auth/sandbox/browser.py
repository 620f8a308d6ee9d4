"""What a browser does when a person logs in, without one."""

from __future__ import annotations

import os
import sys
import webbrowser
from urllib.parse import urljoin

import requests

from .people import Person

TIMEOUT = 30  # seconds for each request


def show(url: str) -> None:
    """Open an address in the person's browser, where there is a desktop to open it on."""
    has_desktop = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_desktop:
        webbrowser.open(url)


def log_in(url: str, person: Person, *, deny: bool, stop_before_redirect: bool) -> requests.Response | str:
    """Open an authorization URL, decide as a person, and follow the redirect to the application.

    Raises:
        ValueError: the authorization URL is refused, and there is no way back to the application.
    """
    with requests.Session() as browser:
        browser.trust_env = False
        answer = browser.get(url, allow_redirects=False, timeout=TIMEOUT)
        if answer.status_code == 200:
            form = {"person": person.id, "decision": "deny" if deny else "approve"}
            answer = browser.post(url, data=form, allow_redirects=False, timeout=TIMEOUT)
        if not answer.is_redirect:
            raise ValueError(f"the authorization URL was answered with {answer.status_code}: {answer.text}")
        target = urljoin(url, answer.headers["Location"])
        return target if stop_before_redirect else browser.get(target, timeout=TIMEOUT)
