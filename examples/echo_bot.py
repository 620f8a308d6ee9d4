"""A bot that echoes what you say, with your name: it asks Webex who you are, with your own token.

python examples/echo_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/echo_bot.py                the real one, see the settings below

Ctrl+C ends it.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration

from webex_bot_auth import (
    RedisTokenManager,
    TokenManager,
    UserTokenMixin,
    WhoamiCommand,
    YAMLTokenManager,
    requires_user_token,
)
from webex_bot_auth.signals import logged_in

#: port of the sandbox's chat page: always the same, so that an open tab finds the next demo
CHAT_PORT = 8910
INTRODUCTION = """
  A Webex cloud runs on this machine, and an echo bot in it.

  1. Open   {url}
  2. Type   echo hello
  3. Press  the button of the card that you get, and approve

  Ctrl+C ends it.
"""


class Echo(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="echo", help_message="Echo my words, with my name", **kwargs)

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        me = self.user_api.people.me()  # called with the token of the person who typed this
        return f"{me.display_name} says: {message.strip()}"


def setting(name: str) -> str:
    """A setting from the environment."""
    value = os.environ.get(name, "").strip()
    if not value:
        sys.exit(f"{name} is not set; see the README. To try the bot without an account: --sandbox")
    return value


def integration_from_environment() -> Integration:
    """The integration that people log in to."""
    return Integration(
        client_id=setting("WEBEX_CLIENT_ID"),
        client_secret=setting("WEBEX_CLIENT_SECRET"),
        scopes=os.environ.get("WEBEX_SCOPES", "spark:people_read"),
        redirect_url=setting("WEBEX_REDIRECT_URL"),
    )


def token_manager(bot_token: str, integration: Integration, folder: str) -> TokenManager:
    """A token manager with Redis if ``REDIS_URL`` is set, else with a file."""
    if redis_url := os.environ.get("REDIS_URL"):
        return RedisTokenManager(bot_token, integration, redis_url=redis_url)
    return YAMLTokenManager(bot_token, integration, yml_base=os.path.join(folder, "echo_bot"))


@contextmanager
def until_ctrl_c() -> Iterator[None]:
    """End the block at Ctrl+C, and let nothing interrupt the cleaning up after it."""
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def run(bot_token: str, integration: Integration, app: Flask, folder: str = ".", log: str = "INFO") -> None:
    """Run the bot, and serve the redirect on the app.

    Args:
        bot_token: the bot's access token
        integration: what people log in to
        app: serves the redirect
        folder: where the file with the tokens is
        log: log level
    """
    with token_manager(bot_token, integration, folder) as tokens, until_ctrl_c():
        tokens.register_redirect(flask=app)  # GET /redirect, as the integration's address says
        bot = WebexBot(teams_bot_token=bot_token, bot_name="Echo Bot", log_level=log)
        bot.add_command(Echo(token_manager=tokens))
        bot.add_command(WhoamiCommand(token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
        bot.run()


def run_in_sandbox(app: Flask, port: int, options: argparse.Namespace) -> None:
    """Run the bot in a Webex cloud on this machine, until Ctrl+C. Nothing is left afterwards.

    Args:
        app: serves the redirect
        port: the port of the app
        options: the command line
    """
    from webex_bot_auth.sandbox import Sandbox

    chat_port = int(os.environ.get("SANDBOX_PORT") or CHAT_PORT)
    try:
        sandbox = Sandbox(port=chat_port)
    except OSError:
        sys.exit(
            f"Port {chat_port} is in use, maybe by another demo: end that, or set SANDBOX_PORT to another."
        )
    with TemporaryDirectory() as folder, sandbox as cloud, cloud.clients():
        bot = cloud.add_bot("Echo Bot")
        alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
        for person in (alice, bob):
            cloud.direct(person, bot)
        cloud.group("Team", [alice, bob, bot])
        print(INTRODUCTION.format(url=cloud.url), flush=True)
        if options.open:
            cloud.show()
        integration = cloud.integration(f"http://127.0.0.1:{port}/redirect")
        log = "INFO" if options.verbose else "ERROR"
        logging.getLogger("werkzeug").setLevel(log)  # which serves the redirect
        run(bot.token, integration, app, folder, log)
        cloud.disconnect(bot)  # else the cloud waits for a bot that has gone


def say_who_logs_in(manager: TokenManager, *, user_id: str) -> None:
    """Print the name of a person who has logged in."""
    context = manager.get_user_context(user_id=user_id)
    print(f"  {context.display_name if context else user_id} has logged in.", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="A bot that echoes what you say, with your name.")
    parser.add_argument(
        "--sandbox", action="store_true", help="in a Webex cloud on this machine; no account needed"
    )
    parser.add_argument(
        "--open", action="store_true", help="with --sandbox: open the chat page in the browser"
    )
    parser.add_argument("--verbose", action="store_true", help="with --sandbox: print what the bot logs")
    options = parser.parse_args()
    app = Flask("echo_bot")
    port = int(os.environ.get("PORT", "0" if options.sandbox else "5000"))
    # a server for trials; for production, see the README
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with until_ctrl_c():
        if options.sandbox:
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C
            logged_in.connect(say_who_logs_in)
            run_in_sandbox(app, server.port, options)
        else:
            run(setting("WEBEX_BOT_TOKEN"), integration_from_environment(), app)
    sys.stdout.flush()
    os._exit(0)  # all is cleaned up, and Python's own end takes longer than people like to wait


if __name__ == "__main__":
    main()
