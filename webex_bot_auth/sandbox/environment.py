"""The settings of a running sandbox as environment variables, for a shell in another terminal."""

from __future__ import annotations

import os
import shlex
import sys

import requests
from wxc_sdk.integration import Integration

from .model.people import Person
from .sandbox import Sandbox

PATH = "/sandbox/env"
#: all that is taken over from what answers at the port, whatever that is
NAMES = (
    "WEBEX_BOT_TOKEN",
    "WEBEX_CLIENT_ID",
    "WEBEX_CLIENT_SECRET",
    "WEBEX_REDIRECT_URL",
    "WEBEX_SCOPES",
    "WEBEX_AUTH_SERVICE",
    "WEBEX_TOKEN_SERVICE",
    "WEBEX_API_URL",
    "WEBEX_ACCESS_TOKEN",
    "HYDRA_SERVICE_URL",
    "U2C_SERVICE_URL",
    "NODE_EXTRA_CA_CERTS",
)


def variables(cloud: Sandbox, bot: Person, integration: Integration, certificate: str = "") -> dict[str, str]:
    """Return what ``webex-bot-auth doctor``, the example bots and bots in other languages read.

    Args:
        cloud: The sandbox.
        bot: The bot whose token it is.
        integration: The integration.
        certificate: The file with the websocket's certificate; empty without TLS.
    """
    known = {
        "WEBEX_BOT_TOKEN": bot.token,
        "WEBEX_CLIENT_ID": integration.client_id,
        "WEBEX_CLIENT_SECRET": integration.client_secret,
        "WEBEX_REDIRECT_URL": integration.redirect_url,
        "WEBEX_SCOPES": " ".join(integration.scopes),
        "WEBEX_AUTH_SERVICE": integration.auth_service,
        "WEBEX_TOKEN_SERVICE": integration.token_service,
        "WEBEX_API_URL": f"{cloud.url}/v1",
        "WEBEX_ACCESS_TOKEN": bot.token,  # webexpythonsdk, wxc_sdk and the JavaScript SDK look here
        # the JavaScript SDK looks here: for all addresses, and for the REST API until it has them
        "U2C_SERVICE_URL": f"{cloud.url}/u2c/api/v1",
        "HYDRA_SERVICE_URL": f"{cloud.url}/v1",
        "NODE_EXTRA_CA_CERTS": certificate,
    }
    return {name: value for name, value in known.items() if value}


def show(port: int) -> int:
    """Print the settings of the sandbox at a port, as commands for a shell; return the exit status."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the network cannot reach this machine's loopback address
        try:
            answer = session.get(f"http://127.0.0.1:{port}{PATH}", timeout=10, allow_redirects=False)
            answer.raise_for_status()
            settings = dict(answer.json())
        except (requests.RequestException, ValueError, TypeError):
            print(f"no sandbox runs at port {port}: start one in another terminal", file=sys.stderr)
            return 1
    for name in NAMES:
        value = settings.get(name)
        if isinstance(value, str) and value.isprintable():
            print(f"export {name}={shlex.quote(value)}")
    no_proxy = ",".join(filter(None, ["127.0.0.1", os.environ.get("no_proxy") or os.environ.get("NO_PROXY")]))
    for name in ("no_proxy", "NO_PROXY"):
        print(f"export {name}={shlex.quote(no_proxy)}")
    return 0
