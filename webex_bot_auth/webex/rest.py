"""Webex's REST API through wxc_sdk, with the two things it lacks: time limits, and no secrets in the log."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

CONNECT_SECONDS = 5.0
#: for this package's own calls, while a person waits; seconds
OWN_READ_SECONDS = 10.0
#: for a command's calls with the user's token: reports and uploads are slow; seconds
COMMAND_READ_SECONDS = 60.0


class _TimeLimitedAdapter(HTTPAdapter):
    def __init__(self, read_seconds: float) -> None:
        self._read_seconds = read_seconds
        super().__init__(pool_maxsize=10)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (CONNECT_SECONDS, self._read_seconds)
        return super().send(request, *args, **kwargs)


class _QuietSession(RestSession):
    """Never writes requests to the log: ours hold login links."""

    def register_response_callback(self, _callback: Any) -> str:
        return ""


def user_api(tokens: Tokens) -> WebexSimpleApi:
    """The API with a person's token, for the body of a command. Each request ends within a minute."""
    return _limited(WebexSimpleApi(tokens=tokens), COMMAND_READ_SECONDS)


def quiet_api(tokens: Tokens) -> WebexSimpleApi:
    """The API for this package's own calls: short time limits, no waiting out of 429, nothing logged."""
    session = _QuietSession(tokens=tokens, concurrent_requests=10, retry_429=False)
    return _limited(WebexSimpleApi(tokens=tokens, session=session), OWN_READ_SECONDS)


def _limited(api: WebexSimpleApi, read_seconds: float) -> WebexSimpleApi:
    for scheme in ("https://", "http://"):
        api.session.mount(scheme, _TimeLimitedAdapter(read_seconds))
    return api
