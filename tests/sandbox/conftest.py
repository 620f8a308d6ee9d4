"""A cloud with a bot and two people, and the bot running."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sandbox_world import World, make_bot

from webex_bot_auth.sandbox import Sandbox


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """webex_bot installs a handler on the root logger and sets its level."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def world(cloud: Sandbox) -> World:
    bot, alice, bob = (
        cloud.add_bot("Echo Bot"),
        cloud.add_person("Alice Adams"),
        cloud.add_person("Bob Brown"),
    )
    return World(cloud, bot, alice, bob, cloud.direct(alice, bot), cloud.group("Team", [alice, bob, bot]))


@pytest.fixture
def running(world: World) -> Iterator[World]:
    with world.cloud.run_bot(make_bot(world.bot.token)):
        yield world
