"""The README's bot runs as it stands, with its own ``main()``."""

from __future__ import annotations

import inspect
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from flask import Flask
from support.demo import Demo
from support.documented import PAGES, ROOT, Program, blocks
from support.redis_server import free_port
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import RunningBot, WebexSandbox

#: pages that show a whole bot
BOTS = [page for page in PAGES if any("def main()" in block.text for block in blocks(page, "python"))]


@pytest.fixture
def settings(webex_sandbox: WebexSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Integration:
    """What the bot reads from the environment; its web app gets a port that is free."""
    port = free_port()
    integration = webex_sandbox.integration(f"http://127.0.0.1:{port}/redirect", ["spark:people_read"])
    monkeypatch.setenv("WEBEX_BOT_TOKEN", webex_sandbox.add_bot("Echo Bot").token)
    for name in ("client_id", "client_secret", "redirect_url"):
        monkeypatch.setenv(f"WEBEX_{name.upper()}", getattr(integration, name))
    serve = Flask.run
    monkeypatch.setattr(Flask, "run", lambda app, port: serve(app, port=free(integration)))
    monkeypatch.chdir(tmp_path)
    return integration


def free(integration: Integration) -> int:
    return int(integration.redirect_url.split(":")[2].partition("/")[0])


@pytest.mark.parametrize("page", BOTS)
def test_the_whole_bot_runs(
    page: str,
    settings: Integration,
    webex_sandbox: WebexSandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made: list[tuple[TokenManager, WebexBot]] = []
    run_bot = TokenManager.run_bot

    def run(manager: TokenManager, *, bot: WebexBot) -> None:
        made.append((manager, bot))
        run_bot(manager, bot=bot)

    names = Program(page).run({}, monkeypatch)
    monkeypatch.setattr(TokenManager, "run_bot", run)
    running = threading.Thread(target=names["main"])
    running.start()
    person = webex_sandbox.owner(os.environ["WEBEX_BOT_TOKEN"])
    assert person
    webex_sandbox.wait_until_online(person)
    ((manager, webex_bot),) = made
    bot, alice = (
        RunningBot(webex_sandbox, person, webex_bot, manager),
        webex_sandbox.add_person("Alice Adams"),
    )
    asked = bot.hears(alice, "whoami")
    assert bot.press_login(bot.login_card(alice), alice).status_code == 200
    assert bot.answer_to(asked, "You are Alice Adams")
    manager.close()
    running.join(30)
    assert not running.is_alive()
    assert (tmp_path / "tokens.yml").exists()


def test_all_that_a_newcomer_copies_names_one_port() -> None:
    places = [
        *(ROOT / page for page in (*BOTS, "docs/start/webex-account.md")),
        *(ROOT / "examples").glob("*.py"),
    ]
    named = re.compile(r""""port": (\d+)|"PORT",.*"(\d+)"|\bport=(\d+)|localhost:(\d+)""")
    ports = {"".join(found) for place in places for found in named.findall(place.read_text(encoding="utf-8"))}
    default = inspect.signature(Sandbox.integration).parameters["redirect_url"].default
    assert ports == {default.split(":")[2].partition("/")[0]}


#: runs a bot's file as a program, in a sandbox of another process
START = """
import runpy, sys
from webex_bot_auth.sandbox.clients import point_clients_at
point_clients_at(sys.argv[1])
runpy.run_path("my_bot.py", run_name="__main__")
"""


def test_ctrl_c_ends_it_without_a_word(
    settings: Integration, webex_sandbox: WebexSandbox, tmp_path: Path
) -> None:
    (program,) = (block.text for block in blocks(BOTS[0], "python") if "def main()" in block.text)
    program = re.sub(r'"port": \d+', f'"port": {free(settings)}', program)
    (tmp_path / "my_bot.py").write_text(program, encoding="utf-8")
    bot = webex_sandbox.owner(os.environ["WEBEX_BOT_TOKEN"])
    assert bot
    with subprocess.Popen(
        [sys.executable, "-c", START, webex_sandbox.url], cwd=tmp_path, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            webex_sandbox.wait_until_online(bot)
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, printed
    assert not re.search("Traceback|KeyboardInterrupt", printed), printed


def test_the_bot_can_be_tried_in_the_sandbox(tmp_path: Path) -> None:
    """The files of the page, at a port that is free."""
    port = str(free_port())
    for block in blocks("docs/start/first-bot.md", "python"):
        (tmp_path / f"{block.file}.py").write_text(block.text.replace("8911", port).replace("--open", ""))
    with Demo(tmp_path, {}, example=str(tmp_path / "try_it.py")) as trial:
        assert "Send  whoami" in "\n".join(trial.introduction)
        trial.read_until("Serving Flask app")
        assert trial.end()[0] == 0
