"""Opens the chat page in a browser; logs in as a browser would, without one."""

from __future__ import annotations

import os
import sys
import webbrowser
from urllib.parse import urljoin

import requests

from .model.people import Person

TIMEOUT = 30  # seconds for each request


def show(url: str) -> None:
    """Open an address in the browser, if this machine has a desktop."""
    has_desktop = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_desktop:
        webbrowser.open(url)


def log_in(url: str, person: Person, *, deny: bool, stop_before_redirect: bool) -> requests.Response | str:
    """Open an authorization URL, approve or deny, and follow the redirect to the application.

    Args:
        url: The authorization URL.
        person: Who logs in.
        deny: True to deny what the integration asks for.
        stop_before_redirect: True to stop before the redirect URI is opened.

    Returns:
        The application's answer; with ``stop_before_redirect``, the address that would be opened.

    Raises:
        ValueError: The authorization URL is refused without a redirect to the application.
    """
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, allow_redirects=False, timeout=TIMEOUT)
        if answer.status_code == 200:
            form = {"person": person.id, "decision": "deny" if deny else "approve"}
            answer = session.post(url, data=form, allow_redirects=False, timeout=TIMEOUT)
        if not answer.is_redirect:
            raise ValueError(f"the authorization URL was answered with {answer.status_code}: {answer.text}")
        target = urljoin(url, answer.headers["Location"])
        return target if stop_before_redirect else session.get(target, timeout=TIMEOUT)
