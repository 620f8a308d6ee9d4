"""A bot that echoes what you say, with your name: it asks Webex who you are, with your own token.

python examples/echo_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/echo_bot.py                the real one, see the settings below
"""

from __future__ import annotations

import os
import sys
import threading
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


def token_manager(bot_token: str, integration: Integration) -> TokenManager:
    """A token manager with Redis if ``REDIS_URL`` is set, else with a file."""
    if redis_url := os.environ.get("REDIS_URL"):
        return RedisTokenManager(bot_token, integration, redis_url=redis_url)
    return YAMLTokenManager(bot_token, integration, yml_base="echo_bot")


def run(bot_token: str, integration: Integration, app: Flask) -> None:
    """Run the bot, and serve the redirect on the app."""
    with token_manager(bot_token, integration) as tokens:
        tokens.register_redirect(flask=app)  # GET /redirect
        bot = WebexBot(teams_bot_token=bot_token, bot_name="Echo Bot")
        bot.add_command(Echo(token_manager=tokens))
        bot.add_command(WhoamiCommand(token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
        bot.run()


def run_in_sandbox(app: Flask, port: int) -> None:
    """Run the bot in a Webex cloud on this machine, until Ctrl+C.

    Args:
        app: serves the redirect
        port: the port of the app
    """
    from webex_bot_auth.sandbox import Sandbox

    with Sandbox(port=int(os.environ.get("SANDBOX_PORT", "0"))) as cloud, cloud.clients():
        bot = cloud.add_bot("Echo Bot")
        alice, bob = cloud.add_person("Alice Adams"), cloud.add_person("Bob Brown")
        for person in (alice, bob):
            cloud.direct(person, bot)
        cloud.group("Team", [alice, bob, bot])
        print(f"\n  Open {cloud.url} and say “echo hello” to the bot. Ctrl+C ends it.\n", flush=True)
        if "--open" in sys.argv:
            cloud.show()
        run(bot.token, cloud.integration(f"http://127.0.0.1:{port}/redirect"), app)


def main() -> None:
    sandbox = "--sandbox" in sys.argv
    app = Flask("echo_bot")
    # a server for trials; for production, see the README
    server = make_server(
        "127.0.0.1", int(os.environ.get("PORT", "0" if sandbox else "5000")), app, threaded=True
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if sandbox:
        run_in_sandbox(app, server.port)
    else:
        run(setting("WEBEX_BOT_TOKEN"), integration_from_environment(), app)


if __name__ == "__main__":
    main()
