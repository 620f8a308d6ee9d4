"""Run a sandbox until Ctrl+C: ``webex-bot-auth sandbox --people "Alice Adams,Bob Brown"``.

``eval "$(webex-bot-auth sandbox --env)"`` in another terminal sets all variables for ``doctor`` there.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from wxc_sdk.integration import Integration

from . import environment, state_file
from .model.people import Person
from .sandbox import SCOPES, Sandbox

HOW_TO_CONNECT = """\
Point a bot here before it makes its WebexBot:

    from webex_bot_auth.sandbox.clients import point_clients_at
    point_clients_at("{url}")

In another terminal, this sets WEBEX_BOT_TOKEN and all the other variables:

    eval "$({prog} --port {port} --env)"
"""


def main(argv: Sequence[str] | None = None, prog: str = "python -m webex_bot_auth.sandbox") -> int:
    """Start a sandbox with a bot, people and an integration, and print how to use it.

    Args:
        argv: The arguments of the command line; None for those of this process.
        prog: What the command is called.

    Returns:
        The exit status.
    """
    options = _options(argv, prog)
    if options.env:
        return environment.show(options.port)
    try:
        sandbox = Sandbox(port=options.port, tls=options.tls, allow_origins=options.allow_origin)
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError:
        print(f"port {options.port} is in use; --port takes another, 0 any free one", file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with tempfile.TemporaryDirectory(prefix="webex-sandbox-") as folder, sandbox as cloud:
        certificate = Path(folder, "certificate.pem") if options.tls else None
        if certificate:
            certificate.write_text(cloud.certificate, encoding="ascii")
        try:
            state = state_file.read(options.state) if options.state else _state(options)
            bot, integration = state_file.build(cloud, state)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
        cloud.environment.update(environment.variables(cloud, bot, integration, str(certificate or "")))
        print(_introduction(cloud, bot, integration, certificate, prog), flush=True)
        stopped.wait()
    return 0


def _state(options: argparse.Namespace) -> state_file.State:
    people = [name.strip() for name in options.people.split(",") if name.strip()]
    login = {"name": f"{options.bot} login", "redirect_url": options.redirect_url, "scopes": options.scopes}
    return state_file.State.model_validate(
        {
            "people": [{"name": name} for name in people],
            "bots": [{"name": options.bot}],
            "spaces": [{"title": "Team", "people": [*people, options.bot]}],
            "integrations": [login],
        }
    )


def _options(argv: Sequence[str] | None, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="A Webex cloud on this machine, to try a bot without a Webex account.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=8910, help="port of the chat page and REST API; 0 for any free one"
    )
    parser.add_argument("--bot", default="Echo Bot", help="the bot's name")
    parser.add_argument("--people", default="Alice Adams,Bob Brown", help="names, with commas between")
    parser.add_argument(
        "--redirect-url", default="http://127.0.0.1:8911/redirect", help="redirect URI of the integration"
    )
    parser.add_argument(
        "--scopes", default=" ".join(SCOPES), help="scopes of the integration, with spaces between"
    )
    parser.add_argument(
        "--state", help="YAML file with people, bots, spaces and integrations, instead of these options"
    )
    parser.add_argument("--tls", action="store_true", help="websocket over TLS, with a temporary certificate")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="origin of a web app that may use the sandbox from a browser, such as http://localhost:3000; "
        "may be given several times",
    )
    parser.add_argument(
        "--env",
        action="store_true",
        help="print the settings of the sandbox that runs at --port, for a shell",
    )
    return parser.parse_args(argv)


def _introduction(
    cloud: Sandbox, bot: Person, integration: Integration, certificate: Path | None, prog: str
) -> str:
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
    if certificate:
        rows["Certificate"] = f"{certificate} (for node: NODE_EXTRA_CA_CERTS={certificate})"
    table = "\n".join(f"  {name:<14} {value}" for name, value in rows.items())
    port = cloud.url.rpartition(":")[2]
    how = HOW_TO_CONNECT.format(url=cloud.url, prog=prog, port=port)
    return f"\nThe Webex sandbox is running, on this machine only.\n\n{table}\n\n{how}\nCtrl+C stops it."


if __name__ == "__main__":
    sys.exit(main())
