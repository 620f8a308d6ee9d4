"""Where the page at the end of a login is not there, the log says so with the first card, once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from support.makers import Make
from support.raw_server import RawServer, answer
from support.redis_server import free_port

from webex_bot_auth import TokenManager
from webex_bot_auth.testing import WebexSandbox

Lines = Callable[[TokenManager], list[tuple[int, str]]]


@pytest.fixture
def lines(webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture) -> Lines:
    """Asks two people to log in; gives the lines about the redirect address."""

    def ask(manager: TokenManager) -> list[tuple[int, str]]:
        for name in ("Alice Adams", "Bob Brown"):
            manager.request_login(user_id=webex_sandbox.add_person(name).id)
        manager.close()
        return [
            (record.levelno, record.getMessage())
            for record in caplog.records
            if record.getMessage().startswith("no login can come back")
        ]

    return ask


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # the thread of Flask ends
def test_a_port_that_is_taken(webex_sandbox: WebexSandbox, yaml_manager: Make, lines: Lines) -> None:
    with RawServer(answer(403, {})) as other:
        integration = webex_sandbox.integration(other.url)
        manager = yaml_manager(webex_sandbox.add_bot("Bot").token, integration)
        app = Flask("bot")
        manager.register_redirect(flask=app)
        port = urlsplit(other.url).port
        serving = threading.Thread(target=app.run, kwargs={"port": port}, daemon=True)  # as the README has it
        serving.start()
        serving.join()
        ((level, line),) = lines(manager)
    assert level == logging.ERROR
    assert "something else answers there (HTTP 403); another program has the port" in line


def test_a_forgotten_register_redirect(
    webex_sandbox: WebexSandbox, either_manager: Make, lines: Lines
) -> None:
    url = f"{webex_sandbox.serve(Flask('bot'))}/redirect"
    manager = either_manager(webex_sandbox.add_bot("Bot").token, webex_sandbox.integration(url))
    ((_, line),) = lines(manager)
    assert line.startswith(f"no login can come back to {url}: something else answers there (HTTP 404)")
    assert "register_redirect(flask=app)" in line


def test_nothing_is_served(webex_sandbox: WebexSandbox, yaml_manager: Make, lines: Lines) -> None:
    integration = webex_sandbox.integration(f"http://localhost:{free_port()}/redirect")
    ((_, line),) = lines(yaml_manager(webex_sandbox.add_bot("Bot").token, integration))
    assert "nothing answers there (ConnectionError)" in line


@pytest.mark.parametrize(("is_registered", "warned"), [(True, 0), (False, 1)])
def test_an_address_of_another_machine_is_not_asked(
    webex_sandbox: WebexSandbox, yaml_manager: Make, lines: Lines, is_registered: bool, warned: int
) -> None:
    integration = webex_sandbox.integration("https://bot.invalid/redirect")
    manager = yaml_manager(webex_sandbox.add_bot("Bot").token, integration)
    if is_registered:
        manager.register_redirect(flask=Flask("bot"))
    assert [level for level, _ in lines(manager)] == [logging.WARNING] * warned


def test_another_process_may_serve_the_redirect(
    webex_sandbox: WebexSandbox, redis_manager: Make, lines: Lines
) -> None:
    integration = webex_sandbox.integration("https://bot.invalid/redirect")
    assert lines(redis_manager(webex_sandbox.add_bot("Bot").token, integration)) == []


@pytest.mark.parametrize("device", [False, True])
def test_all_is_well(webex_sandbox: WebexSandbox, yaml_manager: Make, lines: Lines, device: bool) -> None:
    app = Flask("bot")
    url = f"{webex_sandbox.serve(app)}/redirect" if not device else f"http://localhost:{free_port()}/redirect"
    options = {"login_flow": "device"} if device else {}
    manager = yaml_manager(webex_sandbox.add_bot("Bot").token, webex_sandbox.integration(url), **options)
    if not device:
        manager.register_redirect(flask=app)
    assert lines(manager) == []
