"""A request that Webex refuses with 401 is sent once more with a new access token: it was not acted on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter
from wxc_sdk.tokens import Tokens

from ..errors import WebexBotAuthError


class RenewingAdapter(BaseAdapter):
    """What a session with a person's token sends its requests through.

    Args:
        adapter: sends them
        tokens: the person's, which the session reads for each request; they are renewed in place
        renew: gives other tokens in the place of those that Webex refuses; None: a login is needed
    """

    def __init__(self, adapter: BaseAdapter, tokens: Tokens, renew: Callable[[], Tokens | None]) -> None:
        super().__init__()
        self._adapter = adapter
        self._tokens = tokens
        self._renew = renew

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request; the answer to a second 401 is the caller's."""
        response = self._adapter.send(request, **options)
        can_be_sent_again = isinstance(request.body, (str, bytes, type(None)))
        if response.status_code != 401 or not can_be_sent_again:
            return response
        if request.headers.get("Authorization") == f"Bearer {self._tokens.access_token}":
            try:
                renewed = self._renew()
            except WebexBotAuthError:  # cannot be told now; the handler of the 401 asks again, and says so
                return response
            if renewed is None:
                return response
            self._tokens.update(renewed)
        response.close()
        request.headers["Authorization"] = f"Bearer {self._tokens.access_token}"
        return self._adapter.send(request, **options)

    def close(self) -> None:
        self._adapter.close()
