"""What people wait for when Webex is 40 ms away, behind TLS: an answer, and the page at the end of a login.

The reference is the limit: the HTTP calls that Webex's API requires, and nothing else, on an open connection.
An answer is there when it has reached Webex, so its own call counts half.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import requests
from flask import Flask
from webex_bot.webex_bot import WebexBot
from webex_bot.websockets import webex_websocket_client
from webexpythonsdk import WebexAPI
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from webex_bot_auth import YAMLTokenManager, requires_user_token
from webex_bot_auth.commands import webex_bot_patches
from webex_bot_auth.sandbox import Message, Person, Sandbox, open_url
from webex_bot_auth.sandbox.http.server import HttpServer
from webex_bot_auth.sandbox.websocket.certificate import create_certificate
from webex_bot_auth.webex.connections import Connections

from .measuring import Figure
from .network import ONE_WAY, ROUND_TRIP, network_to
from .sample_users_and_commands import Echo, GuardedEcho

COMMANDS, LOGINS = 8, 4
#: a person's own time between the card and the click; seconds
PERSON_SECONDS = 0.5
DISTANCE = f"Webex {ONE_WAY * 1e3:.0f} ms away"
#: calls to Webex, that of the welcome included
CALLS_TO_PAGE, CALLS_TO_ANSWER = 2, 4


class Times(NamedTuple):
    """Seconds of each round, those of the limit, and what was counted."""

    echo: list[float]
    one_call: list[float]
    page: list[float]
    answer: list[float]
    limits: dict[str, list[float]]
    connections: float
    calls_to_page: int
    calls_to_answer: int


@requires_user_token
class WhoAmI(Echo):
    """A command with one call."""

    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        return f"answer {self.user_api.people.me().display_name}"


def measure() -> Iterator[Figure]:
    mine, cold = _times("warm"), _times("cold")
    rows = (
        ("guarded echo", "echo", 2.5),
        ("guarded command with one call", "one_call", 3.5),
        ("login, from the click to the page", "page", 2.0),
    )
    for what, name, round_trips in rows:
        took, limit, before = (_milliseconds(one) for one in (
            getattr(mine, name), mine.limits[name], getattr(cold, name)))  # fmt: skip
        yield Figure(
            f"{DISTANCE}: {what}", took / limit, "x", 1.10,
            f"{took:.0f} ms; the calls alone: {limit:.0f} ms ({round_trips} round trips of "
            f"{ROUND_TRIP * 1e3:.0f} ms); with a new session for each call: {before:.0f} ms",
        )  # fmt: skip
    yield Figure(
        f"{DISTANCE}: login, from the page to the command's answer", _milliseconds(mine.answer), "ms", None,
        f"with a new session for each call: {_milliseconds(cold.answer):.0f} ms",
    )  # fmt: skip
    yield Figure(
        f"{DISTANCE}: new connections for a guarded command", mine.connections, "", 0.05,
        f"with a new session for each call: {cold.connections:.2f}",
    )  # fmt: skip
    yield Figure(
        "login: HTTP calls from the click to the page", mine.calls_to_page, "", CALLS_TO_PAGE,
        "the exchange, and who it is",
    )  # fmt: skip
    yield Figure(
        "login: HTTP calls from the page to the command's answer", mine.calls_to_answer, "", CALLS_TO_ANSWER,
        "the welcome, what was said, the command's call, the answer",
    )  # fmt: skip


def _milliseconds(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1e3


def _times(kind: str) -> Times:
    context, certificate = create_certificate()
    with tempfile.TemporaryDirectory() as folder, Sandbox() as cloud, network_to(cloud, context) as network:
        trusted = Path(folder, "certificate.pem")
        trusted.write_text(certificate)
        bot, port = cloud.add_bot("Echo Bot"), _free_port()
        integration = cloud.integration(f"http://127.0.0.1:{port}/redirect")
        names = ("client_id", "client_secret", "scopes", "redirect_url", "auth_service")
        told = {
            "kind": kind, "url": network.url, "token": bot.token, "port": port,
            "yml_base": f"{folder}/tokens",
            "integration": {name: getattr(integration, name) for name in names},
        }  # fmt: skip
        with _process(told, trusted), _Limit(cloud, network.url, trusted) as limit:
            cloud.wait_until_online(bot, timeout=60)
            logins = [_login(cloud, bot, f"Person {number}") for number in range(LOGINS)]
            person = next(one for one in cloud.people() if one.display_name == "Person 0")
            echo, one_call, opened = list[float](), list[float](), 0
            for _ in range(COMMANDS):
                before = network.connections
                echo.append(_wait(cloud, bot, person, "echo"))
                one_call.append(_wait(cloud, bot, person, "me"))
                opened += network.connections - before
                limit.measure()
        page, answer = ([login[which] for login in logins] for which in (0, 1))
        _, _, calls_to_page, calls_to_answer = logins[-1]
        return Times(
            echo, one_call, page, answer, limit.seconds, opened / (2 * COMMANDS), calls_to_page,
            calls_to_answer,
        )  # fmt: skip


class _Limit:
    """Makes the calls that Webex's API requires, and nothing else, on a connection that is open."""

    def __init__(self, cloud: Sandbox, url: str, trusted: Path) -> None:
        self.seconds: dict[str, list[float]] = {"echo": [], "one_call": [], "page": []}
        self._cloud, self._url = cloud, url
        self._person, self._bot = cloud.add_person("Reference"), cloud.add_bot("Reference Bot")
        self._session = requests.Session()
        self._session.trust_env = False  # else a variable for this machine comes first
        self._session.verify = str(trusted)
        self._session.headers["Authorization"] = f"Bearer {self._bot.token}"
        self._get("/v1/people/me")  # opens it

    def measure(self) -> None:
        self.seconds["echo"].append(self._answer())
        self.seconds["one_call"].append(self._answer("/v1/people/me"))
        started = time.perf_counter()
        for _ in range(CALLS_TO_PAGE):
            self._get("/v1/people/me")
        self.seconds["page"].append(time.perf_counter() - started)

    def _answer(self, *calls: str) -> float:
        asked = self._cloud.say(self._person, self._cloud.direct(self._person, self._bot), "echo")
        for path in (f"/conversation/api/v1/messages/{asked.uuid}", f"/v1/messages/{asked.id}", *calls):
            self._get(path)
        answer = {"roomId": asked.room.id, "markdown": "answer", "parentId": asked.uuid}
        self._session.post(f"{self._url}/v1/messages", json=answer, timeout=10).raise_for_status()
        found = self._cloud.wait_for_message(asked.room, partial(_answers, asked), timeout=0)
        return (found.created - asked.created).total_seconds()

    def _get(self, path: str) -> None:
        self._session.get(self._url + path, timeout=10).raise_for_status()

    def __enter__(self) -> _Limit:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()


def _wait(cloud: Sandbox, bot: Person, person: Person, text: str) -> float:
    asked = cloud.say(person, cloud.direct(person, bot), text)
    answer = cloud.wait_for_message(asked.room, partial(_answers, asked), person=bot, timeout=30)
    return (answer.created - asked.created).total_seconds()


def _answers(asked: Message, message: Message) -> bool:
    return message.parent == asked


def _login(cloud: Sandbox, bot: Person, name: str) -> tuple[float, float, int, int]:
    """Seconds until the page, and from there to the answer of the command that waited; and calls."""
    person = cloud.add_person(name)
    room = cloud.direct(person, bot)
    asked = cloud.say(person, room, "me")
    card = cloud.wait_for_message(room, lambda message: message.card, person=bot, timeout=30)
    came_back = cloud.log_in(open_url(card.card or {}), person, stop_before_redirect=True)
    time.sleep(PERSON_SECONDS)
    before, clicked = len(cloud.calls), time.time()
    answer = requests.get(came_back, timeout=30)
    shown = time.time()
    answer.raise_for_status()
    done = cloud.wait_for_message(room, partial(_answers, asked), person=bot, timeout=30)
    calls = cloud.calls[before:]
    # without the login card's end, and the look at its own messages, which webex_bot then ignores
    looks = ("POST /v1/", "GET /v1/people", f"GET /v1/messages/{asked.id}")
    needed = [call for call in calls if f"{call.method} {call.path}".startswith(looks)]
    welcome = next(number for number, call in enumerate(needed) if call.path == "/v1/messages")
    return shown - clicked, done.created.timestamp() - shown, welcome, len(needed) - welcome


@contextmanager
def _process(told: dict[str, Any], trusted: Path) -> Iterator[None]:
    """Run the bot in a process of its own, which trusts the certificate at the end of the network."""
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(trusted), "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", __name__, json.dumps(told)]
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def _free_port() -> int:
    server = HttpServer(None, 0)
    port = server.port
    server.server_close()
    return port


def _run(told: dict[str, Any]) -> None:
    """Run the bot and its web app until the process is ended."""
    RestSession.BASE = f"{told['url']}/v1"
    webex_websocket_client.DEFAULT_U2C_URL = f"{told['url']}/u2c/api/v1/catalog"
    webex_websocket_client.ssl_context = None
    webex_websocket_client.WebexAPI = partial(WebexAPI, base_url=f"{told['url']}/v1/")
    if told["kind"] == "cold":
        _open_a_connection_for_each_call()
    integration = Integration(**told["integration"], token_service=f"{told['url']}/v1/access_token")
    manager = YAMLTokenManager(told["token"], integration, yml_base=told["yml_base"])
    app = Flask("bot")
    manager.register_redirect(flask=app)
    HttpServer(app, told["port"]).start()
    bot = WebexBot(teams_bot_token=told["token"], log_level="CRITICAL")
    bot.add_command(GuardedEcho("echo", token_manager=manager))
    bot.add_command(WhoAmI("me", token_manager=manager))
    manager.register_bot(bot=bot)
    bot.run()


def _open_a_connection_for_each_call() -> None:
    """What a bot does that makes a session for each call; webex_bot has its own."""
    send = Connections.send

    def send_cold(self: Connections, *args: Any, **options: Any) -> requests.Response:
        return send(Connections(), *args, **options)

    Connections.send = send_cold  # type: ignore[method-assign]
    setattr(webex_bot_patches, "let_use", lambda *_, **__: None)  # noqa: B010 (mypy)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda *_: None
    _run(json.loads(sys.argv[1]))
