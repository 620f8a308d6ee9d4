"""A login without a web server: what a browser brings back, and what becomes of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from ..sandbox import Person, Sandbox
from ..user_context import StoredTokenManager


def came_back(sandbox: Sandbox, url: str, person: Person) -> dict[str, str]:
    """Approve as a person; what the redirect brings back, as arguments of ``process_redirect``."""
    address = sandbox.log_in(url, person, stop_before_redirect=True)
    query = parse_qs(urlsplit(address).query)
    return {"flow_id": query["state"][0], "code": query["code"][0]}


def log_in(sandbox: Sandbox, manager: StoredTokenManager, person: Person) -> str:
    """A whole login; the text for the page."""
    return manager.process_redirect(**came_back(sandbox, manager.login.url(person.id), person))
