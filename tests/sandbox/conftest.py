"""A cloud with a bot and two people, and the bot running."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from browser_setup import executable
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


@pytest.fixture(scope="module")  # while it is open, its event loop runs in this thread: no other can
def browser() -> Iterator[Any]:
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Chromium")
    from playwright.sync_api import sync_playwright

    flags = (
        "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*flags.split(), "--no-first-run"])
        yield chromium
        chromium.close()
