"""Run a sandbox until Ctrl+C: ``python -m webex_bot_auth.sandbox --people "Alice Adams,Bob Brown"``."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence

from wxc_sdk.integration import Integration

from .model.people import Person
from .sandbox import SCOPES, Sandbox

HOW_TO_CONNECT = """\
Point a bot here before it makes its WebexBot:

    from webex_bot_auth.sandbox.clients import point_clients_at
    point_clients_at("{url}")
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Start a sandbox with a bot, people and an integration, and print how to use it.

    Args:
        argv: The arguments of the command line; None for those of this process.
    """
    options = _options(argv)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Sandbox(port=options.port, tls=options.tls) as cloud:
        bot = cloud.add_bot(options.bot)
        people = [cloud.add_person(name.strip()) for name in options.people.split(",") if name.strip()]
        for person in people:
            cloud.direct(person, bot)
        cloud.group("Team", [*people, bot])
        integration = cloud.integration(options.redirect_url, options.scopes, f"{options.bot} login")
        print(_introduction(cloud, bot, integration), flush=True)
        stopped.wait()


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m webex_bot_auth.sandbox",
        description="A Webex cloud on this machine, to try a bot without a Webex account.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=8910, help="port of the chat page and REST API; 0 for any free one"
    )
    parser.add_argument("--bot", default="Echo Bot", help="the bot's name")
    parser.add_argument("--people", default="Alice Adams,Bob Brown", help="names, with commas between")
    parser.add_argument(
        "--redirect-url", default="http://127.0.0.1:5000/redirect", help="redirect URI of the integration"
    )
    parser.add_argument(
        "--scopes", default=" ".join(SCOPES), help="scopes of the integration, with spaces between"
    )
    parser.add_argument("--tls", action="store_true", help="websocket over TLS, with a temporary certificate")
    return parser.parse_args(argv)


def _introduction(cloud: Sandbox, bot: Person, integration: Integration) -> str:
    rows = {
        "Chat page": cloud.url,
        "Bot token": bot.token,
        "Client id": integration.client_id,
        "Client secret": integration.client_secret,
        "Redirect URL": integration.redirect_url,
        "Scopes": " ".join(integration.scopes),
        "Authorize URL": integration.auth_service,
        "Token URL": integration.token_service,
    }
    table = "\n".join(f"  {name:<14} {value}" for name, value in rows.items())
    how = HOW_TO_CONNECT.format(url=cloud.url)
    return f"\nThe Webex sandbox is running, on this machine only.\n\n{table}\n\n{how}\nCtrl+C stops it."


if __name__ == "__main__":
    main()
