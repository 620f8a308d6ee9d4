"""Webex's REST API through wxc_sdk, with what it lacks: an end to every wait, and no secrets in the log."""

from __future__ import annotations

import time
from typing import Any

import requests
from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

from .bounded_http import BoundedAdapter
from .connections import Connections
from .token_endpoint import retry_after

#: for this package's own calls, while a person waits; seconds, bytes
OWN_READ_SECONDS = 10.0
OWN_TOTAL_SECONDS = 12.0
OWN_MAX_BYTES = 1024 * 1024
#: for a command's calls with the user's token: reports and uploads are slow; seconds
COMMAND_READ_SECONDS = 60.0
COMMAND_TOTAL_SECONDS = 300.0
#: a command's 429s are waited out for so long in all, and each for a second at least; seconds
MAX_RATE_LIMIT_WAIT = 50.0
MIN_RATE_LIMIT_WAIT = 1.0


class _CommandAdapter(BoundedAdapter):
    """Waits out 429, as Webex asks for; the last one is the command's."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, again after each 429 as long as the time for that lasts."""
        give_up = time.monotonic() + MAX_RATE_LIMIT_WAIT
        while True:
            response = super().send(request, **options)
            if response.status_code != 429 or not isinstance(request.body, (str, bytes, type(None))):
                return response
            wait = max(MIN_RATE_LIMIT_WAIT, retry_after(response.headers) or 0.0)
            if time.monotonic() + wait > give_up:
                return response
            response.close()
            time.sleep(wait)


class _QuietSession(RestSession):
    """Never writes requests to the log: ours hold login links."""

    def register_response_callback(self, _callback: Any) -> str:
        return ""


def user_api(tokens: Tokens, connections: Connections) -> WebexSimpleApi:
    """The API with a person's token, for the body of a command. Each request ends within minutes.

    Args:
        tokens: the person's
        connections: what it sends its requests on; there is nothing to close
    """
    session = RestSession(**_no_limits(tokens))
    _CommandAdapter(
        connections, read_seconds=COMMAND_READ_SECONDS, total_seconds=COMMAND_TOTAL_SECONDS
    ).mount(session)
    return WebexSimpleApi(tokens=tokens, session=session)


def quiet_api(tokens: Tokens, connections: Connections) -> WebexSimpleApi:
    """The API for this package's own calls: short time limits, no waiting out of 429, nothing logged."""
    session = _QuietSession(**_no_limits(tokens))
    BoundedAdapter(
        connections,
        read_seconds=OWN_READ_SECONDS,
        total_seconds=OWN_TOTAL_SECONDS,
        max_bytes=OWN_MAX_BYTES,
    ).mount(session)
    return WebexSimpleApi(tokens=tokens, session=session)


def let_bot_use(session: requests.Session, connections: Connections) -> None:
    """Let a session of webex_bot's use open connections, with time limits and without ~/.netrc."""
    BoundedAdapter(connections, read_seconds=COMMAND_READ_SECONDS, total_seconds=COMMAND_TOTAL_SECONDS).mount(
        session
    )


def _no_limits(tokens: Tokens) -> dict[str, Any]:
    """wxc_sdk's own limits do harm: ten calls that hang hold up all others, and 429 has no end."""
    return {"tokens": tokens, "concurrent_requests": 1_000_000, "retry_429": False}
