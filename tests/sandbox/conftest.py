"""Fixtures: a sandbox with a bot and two people, and the same with the bot running."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sandbox_world import World, make_bot

from webex_bot_auth.sandbox import Sandbox


@pytest.fixture(autouse=True)
def restored_root_logger() -> Iterator[None]:
    """Undo what webex_bot does to the root logger: it adds a handler and sets the level."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def world(cloud: Sandbox) -> World:
    """Return a sandbox with a bot, two people and two spaces; the bot is not running."""
    bot, alice, bob = (
        cloud.add_bot("Echo Bot"),
        cloud.add_person("Alice Adams"),
        cloud.add_person("Bob Brown"),
    )
    return World(cloud, bot, alice, bob, cloud.direct(alice, bot), cloud.group("Team", [alice, bob, bot]))


@pytest.fixture
def running(world: World) -> Iterator[World]:
    """Run the bot of ``world``."""
    with world.cloud.run_bot(make_bot(world.bot.token)):
        yield world
