"""examples/production with a real Redis and a sandbox, and people who log in to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from webex_bot_auth.sandbox import Message, Person, Sandbox, open_url

from .makers import KEY
from .production import WAIT, Gunicorn, Running
from .redis_server import RedisServer, free_port
from .turnstile import Turnstile
from .wording import TEXTS

IN_SANDBOX = Path(__file__).parent / "in_sandbox"
PASSWORD = "4e1c0d1f9a5b4a7d"


class Login:
    """The end of a login in the browser.

    Args:
        person: who has signed in
        address: where Webex sends the browser

    Attributes:
        page: HTTP status of the page; None if the connection broke
    """

    def __init__(self, person: Person, address: str) -> None:
        query = parse_qs(urlsplit(address).query)
        self.person, self.address = person, address
        self.code, self.state = query["code"][0], query["state"][0]
        self.page: int | None = None

    def browse(self) -> bool:
        """Open the address that Webex sends the browser to; True if the login succeeded."""
        self.page = None
        with contextlib.suppress(requests.ConnectionError):
            self.page = requests.get(self.address, timeout=WAIT).status_code
        return self.page == 200


class Deployment:
    """The setup that the README of examples/production describes.

    Args:
        sandbox: its Webex
        redis: its Redis server

    Attributes:
        settings: the environment of its processes
        logins: all logins that were begun
    """

    def __init__(self, sandbox: Sandbox, redis: RedisServer, turnstile: Turnstile) -> None:
        self.sandbox = sandbox
        self.redis = redis
        self.turnstile = turnstile
        self.echo = sandbox.add_bot("Echo Bot")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        integration = sandbox.integration(f"{self.url}/redirect", "spark:people_read")
        self.settings = {
            "WEBEX_BOT_TOKEN": self.echo.token,
            "WEBEX_CLIENT_ID": integration.client_id,
            "WEBEX_CLIENT_SECRET": integration.client_secret,
            "WEBEX_REDIRECT_URL": integration.redirect_url,
            "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:{redis.port}/0",
            "WEBEX_BOT_AUTH_KEYS": KEY,
            "PORT": str(self.port),
            "SANDBOX_URL": sandbox.url,
            "PYTHONPATH": os.pathsep.join([str(IN_SANDBOX), os.environ.get("PYTHONPATH", "")]),
        }
        self.logins: list[Login] = []

    @contextmanager
    def web(self, *more: str) -> Iterator[Gunicorn]:
        """Run the web process for the length of a ``with`` block."""
        with Gunicorn(self.settings, *more) as web:
            web.wait_for_workers(1)  # the port is open
            yield web

    @contextmanager
    def bot(self) -> Iterator[Running]:
        """Run the bot for the length of a ``with`` block, which begins when it is connected."""
        with Running("bot", self.settings) as bot:
            self.sandbox.wait_until_online(self.echo, WAIT)
            yield bot

    def wait_until_offline(self) -> None:
        """Wait until the bot has closed its connection to Webex."""
        self.sandbox.wait_until_offline(self.echo, WAIT)

    # -- what people do

    def say(self, person: Person, text: str) -> Message:
        """Send the bot a message in the 1:1 space."""
        return self.sandbox.say(person, self.sandbox.direct(person, self.echo), text)

    def answer(self, asked: Message, text: str) -> Message:
        """Wait for an answer of the bot that begins with this text."""
        return self.sandbox.wait_for_message(
            asked.room, lambda said: said.text.startswith(text), person=self.echo, after=asked, timeout=WAIT
        )

    def start_login(self, person: Person, words: str) -> tuple[Message, Login | None]:
        """Type a command, press the button of its login card and sign in; stop before the redirect.

        Returns:
            the command, and the login; None if the bot answers at once, because the person is logged in
        """
        asked, answer = self.say(person, f"echo {words}"), f"{person.display_name} says: {words}"
        said = self.sandbox.wait_for_message(
            asked.room, lambda said: said.card or said.text == answer,
            person=self.echo, after=asked, timeout=WAIT,
        )  # fmt: skip
        if not said.card:
            return asked, None
        address = self.sandbox.log_in(open_url(said.card), person, stop_before_redirect=True)
        self.logins.append(login := Login(person, address))
        return asked, login

    def log_in(self, person: Person, words: str) -> Login | None:
        """Type a command, log in, and see the command's answer, unless the browser's connection breaks."""
        asked, login = self.start_login(person, words)
        if login and login.browse():
            self.answer(asked, f"{person.display_name} says: {words}")
        return login

    def log_out(self, person: Person) -> None:
        """Send the bot "logout", and wait for its answer."""
        self.answer(self.say(person, "logout"), TEXTS.logged_out)

    # -- what must not be in a log

    def secrets(self) -> set[str]:
        """All secrets that the processes have handled so far."""
        forms = [call.form for call in self.sandbox.calls.exchanges()]
        return {
            *(self.settings[name] for name in ("WEBEX_CLIENT_SECRET", "WEBEX_BOT_AUTH_KEYS")),
            PASSWORD,
            *self.sandbox.secrets(),  # the bot's own token, too
            *(login.code for login in self.logins), *(login.state for login in self.logins),
            *(str(form["code_verifier"]) for form in forms),
        }  # fmt: skip


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Run Redis, configured as in compose.yaml, and a sandbox; the test starts the processes."""
    turnstile = Turnstile()
    with (
        RedisServer(folder, requirepass=PASSWORD, appendonly="yes") as redis,
        Sandbox() as sandbox,
        sandbox.wrap(turnstile),
    ):
        yield Deployment(sandbox, redis, turnstile)
