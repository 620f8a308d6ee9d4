"""What the tests of the REST API share: plain HTTP calls as one person, and the real clients."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from webexpythonsdk import ApiError, WebexAPI
from wxc_sdk import WebexSimpleApi

from webex_bot_auth.sandbox import Person, Sandbox

CARD_TYPE = "application/vnd.microsoft.card.adaptive"


def sdk(person: Person) -> WebexAPI:
    """Return a client of webexpythonsdk."""
    return WebexAPI(access_token=person.token)


def wxc(person: Person) -> WebexSimpleApi:
    """Return a client of wxc_sdk."""
    return WebexSimpleApi(tokens=person.token)


def refusal(call: Any) -> tuple[int, str]:
    """Return the status and message with which a call of webexpythonsdk is refused."""
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.tracking_id
    return caught.value.status_code, caught.value.message


def call(cloud: Sandbox, person: Person, operation: str, **options: Any) -> requests.Response:
    """Make a call that is written as ``GET /rooms``, with the options of requests."""
    method, path = operation.split(" ")
    headers = {"Authorization": f"Bearer {person.token}", **options.pop("headers", {})}
    url = path if path.startswith("http") else f"{cloud.url}/v1{path}"
    return requests.request(method, url, headers=headers, timeout=30, **options)


def items(cloud: Sandbox, person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return the items of a list, which has to be allowed."""
    answer = call(cloud, person, f"GET {path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def card(*body: dict[str, Any], actions: int = 1, **more: Any) -> dict[str, Any]:
    """Return an attachment with a card."""
    buttons = [{"type": "Action.Submit", "title": f"Button {number}"} for number in range(actions)]
    content = {"type": "AdaptiveCard", "version": "1.3", "body": list(body), "actions": buttons, **more}
    return {"contentType": CARD_TYPE, "content": content}
