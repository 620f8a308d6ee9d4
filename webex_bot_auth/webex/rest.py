"""Webex's REST API through wxc_sdk, with what it lacks: an end to every wait, and no secrets in the log."""

from __future__ import annotations

from dataclasses import replace

from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

from .bounded_http import Limits, Renew, let_use
from .connections import Connections

#: for this package's own calls, while a person waits
OWN = Limits(read_seconds=10.0, total_seconds=12.0, max_bytes=1024 * 1024)
#: for a command's calls with the user's token: reports and uploads are slow
OF_COMMANDS = Limits(read_seconds=60.0, total_seconds=300.0, rate_limit_seconds=50.0)
#: for webex_bot's calls, which waits out 429s itself
OF_BOTS = replace(OF_COMMANDS, rate_limit_seconds=0.0)


class _QuietSession(RestSession):
    """Never writes requests to the log: ours hold login links."""

    def register_response_callback(self, _callback: object) -> str:
        return ""


def user_api(tokens: Tokens, connections: Connections, renew: Renew | None = None) -> WebexSimpleApi:
    """Return the API with a person's token, for the body of a command. Each request ends within minutes.

    Args:
        tokens: the person's
        connections: what it sends its requests on; there is nothing to close
        renew: gives other tokens where Webex refuses these
    """
    return _api(RestSession, tokens, connections, OF_COMMANDS, renew)


def quiet_api(tokens: Tokens, connections: Connections, *, rate_limit_seconds: float = 0.0) -> WebexSimpleApi:
    """The API for this package's own calls: short time limits, nothing logged.

    Args:
        tokens: the bot's, or a person's
        connections: what it sends its requests on
        rate_limit_seconds: total seconds spent waiting for 429s
    """
    limits = replace(OWN, rate_limit_seconds=rate_limit_seconds)
    return _api(_QuietSession, tokens, connections, limits)


def _api(
    kind: type[RestSession],
    tokens: Tokens,
    connections: Connections,
    limits: Limits,
    renew: Renew | None = None,
) -> WebexSimpleApi:
    # wxc_sdk's own limits do harm: ten calls that hang hold up all others, and 429 has no end
    session = kind(tokens=tokens, concurrent_requests=1_000_000, retry_429=False)
    let_use(session, connections, limits, tokens=tokens, renew=renew)
    return WebexSimpleApi(tokens=tokens, session=session)
