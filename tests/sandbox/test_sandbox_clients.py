"""All clients of Webex in this process are pointed at the sandbox, and back."""

from __future__ import annotations

import asyncio
import sys
import types
import warnings
from typing import Any

import pytest
from sandbox_world import World
from wxc_sdk.integration import Integration

with warnings.catch_warnings():  # a new aiohttp warns of a base class of wxc_sdk's
    warnings.simplefilter("ignore", DeprecationWarning)
    from wxc_sdk.as_api import AsWebexSimpleApi
    from wxc_sdk.as_rest import AsRestSession


def integration() -> Integration:
    """Return an integration that is made without addresses, as a bot's is."""
    return Integration(client_id="id", client_secret="secret", scopes="spark:kms", redirect_url="http://x")


def test_wxc_sdks_asynchronous_api_calls_the_sandbox(world: World) -> None:
    async def ask() -> str:
        async with AsWebexSimpleApi(tokens=world.alice.token) as api:
            return (await api.people.me()).display_name

    assert asyncio.run(ask()) == "Alice Adams"


def test_an_integration_without_addresses_uses_the_sandbox(world: World) -> None:
    made = integration()
    assert made.auth_service == f"{world.cloud.url}/v1/authorize"
    assert made.token_service == f"{world.cloud.url}/v1/access_token"
    mine = Integration(
        client_id="id", client_secret="x", scopes="x", redirect_url="http://x", token_service="https://mine/x"
    )
    assert mine.token_service == "https://mine/x"


def test_webexteamssdk_calls_the_sandbox_where_it_is_installed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WebexTeamsAPI:
        def __init__(self, access_token: Any = None, base_url: str = "https://webexapis.com/v1/") -> None:
            self.base_url = base_url

    module = types.ModuleType("webexteamssdk")
    module.WebexTeamsAPI = WebexTeamsAPI
    monkeypatch.setitem(sys.modules, "webexteamssdk", module)
    with world.cloud.clients():
        assert WebexTeamsAPI("token").base_url == f"{world.cloud.url}/v1/"
    assert WebexTeamsAPI("token").base_url == "https://webexapis.com/v1/"


def test_all_of_them_are_restored(world: World) -> None:
    before = AsRestSession.BASE, integration().auth_service, integration().token_service
    with world.cloud.clients():
        pass
    assert before == (AsRestSession.BASE, integration().auth_service, integration().token_service)
