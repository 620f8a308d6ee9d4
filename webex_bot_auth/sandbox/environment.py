"""The settings of a running sandbox as environment variables, for a shell in another terminal."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import requests
from wxc_sdk.integration import Integration

from .model.people import Person
from .sandbox import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PATH = "/sandbox/env"


def variables(cloud: Sandbox, bot: Person, integration: Integration) -> dict[str, str]:
    """What ``webex-bot-auth doctor``, the example bots and bots in other languages read."""
    return {
        "WEBEX_BOT_TOKEN": bot.token,
        "WEBEX_CLIENT_ID": integration.client_id,
        "WEBEX_CLIENT_SECRET": integration.client_secret,
        "WEBEX_REDIRECT_URL": integration.redirect_url,
        "WEBEX_SCOPES": " ".join(integration.scopes),
        "WEBEX_AUTH_SERVICE": integration.auth_service,
        "WEBEX_TOKEN_SERVICE": integration.token_service,
        "WEBEX_API_URL": f"{cloud.url}/v1",
        "WEBEX_ACCESS_TOKEN": bot.token,  # webexpythonsdk and wxc_sdk look here
        "U2C_SERVICE_URL": f"{cloud.url}/u2c/api/v1",  # the JavaScript SDK looks here
    }


def serve(app: WSGIApplication, settings: dict[str, str]) -> WSGIApplication:
    """Answer the question of :func:`show`; everything else is the app's."""
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return app(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [lines.encode()]

    return answer


def show(port: int) -> int:
    """Print the settings of the sandbox at a port, as commands for a shell; the exit status."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the network cannot reach this machine's loopback address
        try:
            answer = session.get(f"http://127.0.0.1:{port}{PATH}", timeout=10)
            answer.raise_for_status()
        except requests.RequestException:
            print(f"no sandbox runs at port {port}: start one in another terminal", file=sys.stderr)
            return 1
    no_proxy = ",".join(filter(None, ["127.0.0.1", os.environ.get("no_proxy") or os.environ.get("NO_PROXY")]))
    print(answer.text, end="")
    for name in ("no_proxy", "NO_PROXY"):
        print(f"export {name}={shlex.quote(no_proxy)}")
    return 0
