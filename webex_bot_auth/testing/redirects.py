"""Logs people in without a web server for the redirect."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from ..sandbox import Person, Sandbox
from ..user_context import StoredTokenManager


def came_back(sandbox: Sandbox, url: str, person: Person) -> dict[str, str]:
    """Approve a login as a person, in the browser.

    Args:
        sandbox: where the person logs in
        url: the address that the login card opens
        person: who approves

    Returns:
        what the browser brings back to the redirect address, as arguments of ``process_redirect``
    """
    address = sandbox.log_in(url, person, stop_before_redirect=True)
    query = parse_qs(urlsplit(address).query)
    return {"flow_id": query["state"][0], "code": query["code"][0]}


def log_in(sandbox: Sandbox, manager: StoredTokenManager, person: Person) -> str:
    """Log a person in, from the start of the flow to the stored tokens.

    Returns:
        the text of the page that the person sees
    """
    return manager.process_redirect(**came_back(sandbox, manager.asking.url(person.id), person))
