"""How the examples start and end: in the sandbox, and with settings from the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import call_bot
import card_bot
import pytest
import watch_bot
from support.demo import EXAMPLES, Demo
from support.deployment import IN_SANDBOX
from support.redis_server import free_port

from webex_bot_auth.sandbox import Person, open_url
from webex_bot_auth.testing import WebexSandbox

ALL = {"card_bot": card_bot.STEPS, "watch_bot": watch_bot.STEPS, "call_bot": call_bot.STEPS}


@contextmanager
def started(
    example: str, *options: str, folder: Path, settings: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """An example in a process of its own, until the end of a ``with`` block."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("WEBEX_")}
    process = subprocess.Popen(
        [sys.executable, IN_SANDBOX / "run.py", EXAMPLES / example, *options],
        cwd=folder, env={**known, **settings}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def settings(webex_sandbox: WebexSandbox) -> dict[str, str]:
    """The environment of an example whose real Webex is the sandbox."""
    port = free_port()
    integration = webex_sandbox.integration(f"http://127.0.0.1:{port}/redirect", card_bot.SCOPES)
    return {
        "WEBEX_BOT_TOKEN": webex_sandbox.add_bot("Card Bot").token,
        "WEBEX_CLIENT_ID": integration.client_id,
        "WEBEX_CLIENT_SECRET": integration.client_secret,
        "WEBEX_REDIRECT_URL": integration.redirect_url,
        "PORT": str(port),
        "SANDBOX_URL": webex_sandbox.url,
    }


@pytest.mark.parametrize("example", ALL)
def test_the_sandbox_says_what_to_do_and_leaves_nothing(example: str, tmp_path: Path) -> None:
    with Demo(tmp_path, {}, example=f"{example}.py") as demo:
        for step in ALL[example]:
            assert step in "\n".join(demo.introduction)
        assert demo.end() == (0, [])
    assert list(tmp_path.iterdir()) == []


def test_with_settings_from_the_environment(
    webex_sandbox: WebexSandbox, settings: dict[str, str], alice: Person, tmp_path: Path
) -> None:
    bot = webex_sandbox.owner(settings["WEBEX_BOT_TOKEN"])
    assert bot
    with started("card_bot.py", folder=tmp_path, settings=settings) as process:
        webex_sandbox.wait_until_online(bot)
        room = webex_sandbox.direct(alice, bot)
        asked = webex_sandbox.say(alice, room, "whoami")
        card = webex_sandbox.wait_for_message(room, lambda said: said.card, person=bot, after=asked).card
        assert card
        assert webex_sandbox.log_in(open_url(card), alice).status_code == 200
        webex_sandbox.wait_for_message(room, lambda said: "Alice Adams" in said.text and asked == said.parent)
        assert (tmp_path / "card_bot.yml").exists()
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_the_nightly_job_ends_by_itself(settings: dict[str, str], tmp_path: Path) -> None:
    with started("watch_bot.py", "--nightly", folder=tmp_path, settings=settings) as job:
        printed, _ = job.communicate(timeout=60)
    assert (job.returncode, printed) == (0, "")


def test_a_setting_that_is_missing_is_named(settings: dict[str, str], tmp_path: Path) -> None:
    del settings["WEBEX_CLIENT_ID"]
    with started("call_bot.py", folder=tmp_path, settings=settings) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert printed.startswith("WEBEX_CLIENT_ID is not set")
