"""Fixtures: a sandbox with a bot and two people, and the same with the bot running."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

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


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Open a page of its own for a test, which fails if the page reports an error."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # a refused request is shown where it was made, and a browser reports it as well
    assert [one for one in errors if not one.startswith("Failed to load resource")] == []
