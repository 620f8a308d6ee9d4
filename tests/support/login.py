"""What a browser does in a login, in one line."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from webex_bot_auth import TokenManager
from webex_bot_auth.sandbox import Person, Sandbox


def came_back(cloud: Sandbox, url: str, person: Person) -> dict[str, str]:
    """Approve as a person; what the redirect brings back, as arguments of ``process_redirect``."""
    address = cloud.log_in(url, person, stop_before_redirect=True)
    query = parse_qs(urlsplit(address).query)
    return {"flow_id": query["state"][0], "code": query["code"][0]}


def log_in(cloud: Sandbox, manager: TokenManager, person: Person) -> str:
    """A whole login, without a web server."""
    return manager.process_redirect(**came_back(cloud, manager.login_url(user_id=person.id), person))
