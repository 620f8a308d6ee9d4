"""What tests may ask a sandbox about its state."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sandbox_world import World, make_bot


def test_people_are_listed_in_the_order_they_were_added(world: World) -> None:
    carol = world.cloud.add_person("Carol Clark")
    assert world.cloud.people() == [world.bot, world.alice, world.bob, carol]


def test_messages_of_one_space_or_of_all(world: World) -> None:
    first = world.cloud.say(world.alice, world.direct, "first")
    second = world.cloud.say(world.bob, world.team, "second")
    assert world.cloud.messages() == [first, second]
    assert world.cloud.messages(world.team) == [second]


def test_the_owner_of_a_token(world: World) -> None:
    integration = world.cloud.integration()
    address = world.cloud.log_in(integration.auth_url("s"), world.bob, stop_before_redirect=True)
    (code,) = parse_qs(urlsplit(address).query)["code"]
    access_token = integration.tokens_from_code(code).access_token
    assert world.cloud.owner(access_token) == world.bob
    assert world.cloud.owner(world.bot.token) == world.bot
    assert world.cloud.owner(code) is None


def test_secrets_are_all_that_was_given_out_even_if_it_is_no_longer_valid(world: World) -> None:
    integration = world.cloud.integration()
    world.cloud.oauth.rotate_refresh_token = True
    address = world.cloud.log_in(integration.auth_url("s"), world.alice, stop_before_redirect=True)
    (code,) = parse_qs(urlsplit(address).query)["code"]
    tokens = integration.tokens_from_code(code)
    old = (tokens.access_token, tokens.refresh_token)
    integration.refresh(tokens)
    device = requests.post(
        f"{world.cloud.url}/v1/device/authorize",
        data={"client_id": integration.client_id, "scope": "spark:people_read"},
        timeout=30,
    ).json()
    assert world.cloud.secrets() == {
        *(person.token for person in world.cloud.people()),
        *old,
        tokens.access_token,
        tokens.refresh_token,
        code,
        integration.client_secret,
        device["device_code"],
    }


def test_waiting_until_a_bot_is_online_as_often_as_it_should(world: World) -> None:
    with pytest.raises(TimeoutError, match="Echo Bot"):
        world.cloud.wait_until_online(world.bot, timeout=0.01)
    with world.cloud.run_bot(make_bot(world.bot.token)):
        world.cloud.wait_until_online(world.bot, timeout=0.01)
        with pytest.raises(TimeoutError, match="Echo Bot"):
            world.cloud.wait_until_online(world.bot, timeout=0.01, connections=2)


def test_waiting_until_a_bot_is_offline(world: World) -> None:
    with world.cloud.run_bot(make_bot(world.bot.token)), pytest.raises(TimeoutError, match="Echo Bot"):
        world.cloud.wait_until_offline(world.bot, timeout=0.01)
    world.cloud.wait_until_offline(world.bot)
    with pytest.raises(TimeoutError):
        world.cloud.wait_until_online(world.bot, timeout=0.01)


def test_a_middleware_is_in_front_of_the_server_for_the_length_of_a_block(world: World) -> None:
    seen: list[str] = []

    def middleware(app: Any) -> Any:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            seen.append(environ["PATH_INFO"])
            return app(environ, start_response)

        return answer

    def status_of(path: str) -> int:
        return requests.get(f"{world.cloud.url}{path}", timeout=30).status_code

    with world.cloud.wrap(middleware):
        assert status_of("/v1/people/me") == 401
    assert status_of("/v1/rooms") == 401
    assert seen == ["/v1/people/me"]


def test_a_call_is_recorded_with_headers_and_bodies_of_both_sides(world: World) -> None:
    heard: list[int | None] = []
    world.cloud.calls.listeners.append(lambda call: heard.append(call.status))
    requests.post(
        f"{world.cloud.url}/v1/messages",
        json={"roomId": world.direct.id, "text": "hello"},
        headers={"Authorization": f"Bearer {world.alice.token}", "X-Mine": "yes"},
        timeout=30,
    ).raise_for_status()
    (call,) = world.cloud.calls.to("/v1/messages")
    assert call.headers["X-Mine"] == "yes"
    assert json.loads(call.body) == {"roomId": world.direct.id, "text": "hello"}
    assert call.answer_headers["Content-Type"] == "application/json"
    assert json.loads(call.answer_body)["text"] == "hello"
    assert call.duration is not None
    assert heard == [None, 200]
