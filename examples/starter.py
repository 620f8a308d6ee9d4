"""What the examples share: how they start, in the real Webex or in a Webex cloud on this machine.

A bot of your own does not need this file: examples/production reads settings and runs a web server as well.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from flask import Flask
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.signals import logged_in

#: port of the sandbox's chat page: always the same, so that an open tab finds the next demo
CHAT_PORT = 8910


@dataclass(frozen=True)
class Settings:
    """What an example makes its token manager and its bot from.

    Attributes:
        bot_token: the bot's access token
        integration: what people log in to
        app: the web app that serves the redirect
        file: where a ``YAMLTokenManager`` keeps tokens
        log_level: what the bot logs
        sandbox: where the bot runs; None: in the real Webex
    """

    bot_token: str
    integration: Integration
    app: Flask
    file: str
    log_level: str = "INFO"
    sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Example:
    """An example.

    Attributes:
        name: the bot's name
        scopes: what its integration asks people for
        make_manager: makes the token manager
        make_bot: makes the bot, with this token manager, and serves the redirect
        steps: what to do in the sandbox, once the chat page is open
        at_enter: what runs in the sandbox when Enter is pressed in the terminal
        answers: gives the sandbox what it does not have itself, for the length of a ``with`` block
    """

    name: str
    scopes: str
    make_manager: Callable[[Settings], TokenManager]
    make_bot: Callable[[Settings, Any], WebexBot]
    steps: tuple[str, ...]
    at_enter: Callable[[Any], None] | None = None
    answers: Callable[[Sandbox], AbstractContextManager[object]] = lambda sandbox: nullcontext()

    @property
    def file(self) -> str:
        """Name of the file with the tokens, without ``.yml``."""
        return self.name.lower().replace(" ", "_")


def setting(name: str) -> str:
    """A setting from the environment."""
    value = os.environ.get(name, "").strip()
    if not value:
        sys.exit(f"{name} is not set; see the README. To try the bot without an account: --sandbox")
    return value


def settings_from_environment(example: Example, app: Flask) -> Settings:
    """The settings of a bot in the real Webex."""
    integration = Integration(
        client_id=setting("WEBEX_CLIENT_ID"),
        client_secret=setting("WEBEX_CLIENT_SECRET"),
        scopes=os.environ.get("WEBEX_SCOPES", example.scopes),
        redirect_url=setting("WEBEX_REDIRECT_URL"),
    )
    return Settings(setting("WEBEX_BOT_TOKEN"), integration, app, example.file)


def start(example: Example) -> None:
    """Run an example as the command line says, until Ctrl+C."""
    parser = argparse.ArgumentParser(description=f"{example.name}: an example of webex-bot-auth.")
    for option, meaning in {
        "--sandbox": "in a Webex cloud on this machine; no account needed",
        "--open": "with --sandbox: open the chat page in the browser",
        "--verbose": "with --sandbox: print what the bot logs",
    }.items():
        parser.add_argument(option, action="store_true", help=meaning)
    options = parser.parse_args()
    app = Flask(example.file)
    port = int(os.environ.get("PORT", "0" if options.sandbox else "8911"))
    # a server for trials; for production, see the README
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with suppress(KeyboardInterrupt):
        if options.sandbox:
            run_in_sandbox(example, app, server.port, options)
        else:
            run(example, settings_from_environment(example, app))
    sys.stdout.flush()
    os._exit(0)  # all is cleaned up, and Python's own end takes longer than people like to wait


def end(number: int, frame: FrameType | None) -> None:
    """End the example at Ctrl+C, and let nothing interrupt the cleaning up after it."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(example: Example, settings: Settings) -> None:
    """Run the bot of an example."""
    with example.make_manager(settings) as tokens:
        if settings.sandbox and example.at_enter:
            threading.Thread(target=wait_for_enter, args=(example.at_enter, tokens), daemon=True).start()
        example.make_bot(settings, tokens).run()


def wait_for_enter(action: Callable[[TokenManager], None], tokens: TokenManager) -> None:
    """Run an action whenever Enter is pressed."""
    for _ in sys.stdin:
        action(tokens)


def run_in_sandbox(example: Example, app: Flask, port: int, options: argparse.Namespace) -> None:
    """Run an example in a Webex cloud on this machine, until Ctrl+C. Nothing is left afterwards.

    Args:
        example: what to run
        app: serves the redirect
        port: the port of the app
        options: the command line
    """
    log_level = "INFO" if options.verbose else "ERROR"
    logging.getLogger("werkzeug").setLevel(log_level)  # which serves the redirect
    logged_in.connect(say_who_logs_in)
    with (
        TemporaryDirectory() as folder,
        open_sandbox() as sandbox,
        sandbox.clients(),
        example.answers(sandbox),
    ):
        bot = sandbox.add_bot(example.name)
        alice, bob = sandbox.add_person("Alice Adams"), sandbox.add_person("Bob Brown")
        sandbox.group("Team", [alice, bob, bot])
        for person in (bob, alice):  # the page opens the space that was made last: Alice can type at once
            sandbox.direct(person, bot)
        introduce(example, sandbox)
        if options.open:
            sandbox.show()
        integration = sandbox.integration(f"http://127.0.0.1:{port}/redirect", example.scopes)
        file = os.path.join(folder, example.file)
        with suppress(KeyboardInterrupt):
            run(example, Settings(bot.token, integration, app, file, log_level, sandbox))
        sandbox.disconnect(bot)  # else the sandbox waits for a bot that has gone


def open_sandbox() -> Sandbox:
    """The sandbox, with its chat page at the usual port."""
    port = int(os.environ.get("SANDBOX_PORT") or CHAT_PORT)
    try:
        return Sandbox(port=port)
    except OSError:
        sys.exit(f"Port {port} is in use, maybe by another demo: end that, or set SANDBOX_PORT to another.")


def introduce(example: Example, sandbox: Sandbox) -> None:
    """Print what to do."""
    print(f"\n  A Webex cloud runs on this machine, and the {example.name} in it.\n")
    for number, step in enumerate((f"Open   {sandbox.url}", *example.steps), 1):
        print(f"  {number}. {step}")
    print("\n  Ctrl+C ends it.\n", flush=True)


def say_who_logs_in(manager: TokenManager, *, user_id: str) -> None:
    """Print the name of a person who has logged in."""
    context = manager.get_user_context(user_id=user_id)
    print(f"  {context.display_name if context else user_id} has logged in.", flush=True)
