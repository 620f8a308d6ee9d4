"""A bot's redirect page, with two people whose logins end on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from webex_bot_auth import RedisTokenManager, TokenManager
from webex_bot_auth.sandbox import Person, Sandbox

from .makers import MakeManager
from .redis_server import free_port

#: for tests to which the backend makes no difference
one_backend = pytest.mark.parametrize("every_manager", ["yaml"], indirect=True)


@dataclass
class Scene:
    """A bot's web application, and two people who log in.

    Attributes:
        cloud: the Webex that they log in to
        make: makes another manager over the same store
        manager: the manager whose redirect page is served
        app: the application that serves it
        alice: the person who is asked to log in
        bob: another person
    """

    cloud: Sandbox
    make: MakeManager
    manager: TokenManager
    app: Flask
    alice: Person
    bob: Person

    def open(self, query: str, **request: Any) -> TestResponse:
        """Open the redirect address with a query; ``request`` are further arguments of the test client."""
        return self.app.test_client().open(f"/redirect?{query}", **request)

    def query_after_login(self, *, by: Person | None = None, deny: bool = False) -> str:
        """The query that Webex sends the browser back with at the end of Alice's login.

        Args:
            by: the person who signs in, if it is not Alice
            deny: whether that person denies the permission
        """
        url = self.manager.asking.url(self.alice.id)
        address = self.cloud.log_in(url, by or self.alice, deny=deny, stop_before_redirect=True)
        return urlsplit(address).query

    def state_after_login(self) -> str:
        """The ``state`` in the query that Webex sends the browser back with."""
        return parse_qs(self.query_after_login())["state"][0]

    def serve_new_manager(self, **options: Any) -> None:
        """Serve the page of another manager from now on."""
        self.manager = self.make(**options)
        self.app = app_for(self.manager)

    def break_store(self, folder: Path) -> None:
        """Make the store unreachable; ``folder`` is where the YAML file lies."""
        if isinstance(self.manager, RedisTokenManager):
            self.serve_new_manager(redis_url=f"redis://127.0.0.1:{free_port()}/0")
        else:
            (folder / "tokens.yml").symlink_to("elsewhere")

    def messages_to(self, person: Person) -> list[str]:
        """Texts of all messages in this person's spaces, after all that is to be said is said."""
        self.manager.close()
        messages = [message for message in self.cloud.messages() if person in message.room.people]
        return [message.text for message in messages]


def app_for(manager: TokenManager) -> Flask:
    """An application that serves a manager's redirect page."""
    app = Flask("bot")
    manager.register_redirect(flask=app)
    return app


@pytest.fixture
def scene(cloud: Sandbox, make_manager: MakeManager) -> Scene:
    """An application with Alice and Bob, on each backend in turn."""
    manager = make_manager()
    people = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
    return Scene(cloud, make_manager, manager, app_for(manager), *people)


def check_headers(answer: TestResponse) -> None:
    """Assert that an answer has all security headers, and neither redirects nor sets a cookie."""
    for name, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }.items():
        assert answer.headers.getlist(name) == [value]
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives.pop("style-src"))
    assert directives == dict.fromkeys(
        ("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"
    )
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
