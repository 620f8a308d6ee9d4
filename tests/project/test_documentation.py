"""Every code block of the documentation works: Python runs in the sandbox, commands and data are checked."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import inspect
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from support.documented import PAGES, ROOT, Block, Program, blocks, commands
from support.makers import KEY
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

import webex_bot_auth.__main__
from webex_bot_auth import TokenManager, YAMLTokenManager
from webex_bot_auth.sandbox import Sandbox

ALL = [block for page in PAGES for block in blocks(page)]


def named(block: Block) -> str:
    return f"{block.page}:{block.line}"


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def bot_token(cloud: Sandbox) -> str:
    return cloud.add_bot("Echo Bot").token


@pytest.fixture
def token_manager(bot_token: str, integration: Integration, tmp_path: Path) -> Iterator[TokenManager]:
    with YAMLTokenManager(bot_token, integration, yml_base=tmp_path / "given") as manager:
        yield manager


@pytest.fixture
def bot(bot_token: str) -> WebexBot:
    return WebexBot(teams_bot_token=bot_token)


@pytest.fixture
def app() -> Flask:
    return Flask("documented")


#: names that a page may use without making them: fixtures
GIVEN = {"app", "bot", "bot_token", "integration", "key", "redis_url", "token_manager", "webex_sandbox"}

RunPage = Callable[[str], dict[str, Any]]


@pytest.fixture
def run_page(
    cloud: Sandbox,
    integration: Integration,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[RunPage]:
    """Runs the Python blocks of a page in a folder of their own, with settings in the environment."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}

    def run(page: str) -> dict[str, Any]:
        program = Program(page)
        given: dict[str, Any] = {name: request.getfixturevalue(name) for name in program.needed(GIVEN)}
        settings = {
            "WEBEX_CLIENT_ID": integration.client_id,
            "WEBEX_CLIENT_SECRET": integration.client_secret,
            "WEBEX_REDIRECT_URL": integration.redirect_url,
            "WEBEX_BOT_TOKEN": given.get("bot_token", "token"),
            "WEBEX_BOT_AUTH_KEYS": KEY,
            "WEBEX_API_URL": f"{cloud.url}/v1",
            "METRICS_PORT": "0",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        names.update(program.run({"__name__": "documented", **given}, monkeypatch))
        return names

    yield run
    for value in names.values():
        if isinstance(value, TokenManager):
            value.close()


@pytest.mark.parametrize("page", [page for page in PAGES if Program(page)])
def test_the_python_blocks_of_a_page_run(page: str, run_page: RunPage) -> None:
    run_page(page)


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in PAGES for name in Program(page).tests])
def test_a_test_that_a_page_shows_passes(
    page: str, name: str, run_page: RunPage, request: pytest.FixtureRequest
) -> None:
    test = run_page(page)[name]
    test(**{argument: request.getfixturevalue(argument) for argument in inspect.signature(test).parameters})


@pytest.mark.parametrize("block", [block for block in ALL if block.elsewhere], ids=named)
def test_a_block_that_needs_servers_runs_where_its_page_says(block: Block) -> None:
    text = (ROOT / block.page).read_text(encoding="utf-8")
    heading = re.findall(r"^#+ (.*)$", text[: text.index(block.text)], re.MULTILINE)[-1]
    assert f'"{heading}"' in (ROOT / str(block.elsewhere)).read_text(encoding="utf-8")


def has_target(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in words:
        assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), target


def is_program(words: list[str]) -> None:
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]) or words[1] == "venv", words
    else:
        shown = {f"{block.file}.py" for block in ALL if block.file}
        assert words[0] in shown or (ROOT / words[0]).is_file(), words


def can_be_installed(words: list[str]) -> None:
    assert words[0] == "install"
    known = importlib.metadata.metadata("webex-bot-auth").get_all("Provides-Extra") or []
    for extras in re.findall(r"webex-bot-auth\[(.*)\]", " ".join(words)):
        assert set(extras.split(",")) <= set(known), extras


def has_options(words: list[str]) -> None:
    """All subcommands and options are in the help of the real command."""
    helps = ""
    for arguments in ([], words):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), pytest.raises(SystemExit, match=r"^0$"):
            webex_bot_auth.__main__.main([*arguments, "--help"])
        helps += printed.getvalue()
    for option in (word for word in words if word.startswith("--")):
        assert option in helps, option


def is_printed(words: list[str]) -> None:
    """``eval`` of what another command prints."""
    inner = re.fullmatch(r"\$\((webex-bot-auth .*)\)", words[0])
    assert inner, words
    has_options(inner[1].split()[1:])


#: commands that the documentation may show, and what has to be true of their arguments
COMMANDS: dict[str, Callable[[list[str]], None] | None] = {
    "eval": is_printed,
    "make": has_target,
    "pip": can_be_installed,
    "/opt/webex-bot-auth/venv/bin/pip": None,
    "/opt/webex-bot-auth/venv/bin/webex-bot-auth": has_options,
    "pytest": None,
    "python": is_program,
    "python3": is_program,
    "webex-bot-auth": has_options,
    **dict.fromkeys(
        (
            ".",
            "cd",
            "cp",
            "curl",
            "docker",
            "eval",
            "export",
            "git",
            "install",
            "kubectl",
            "mkdir",
            "nginx",
            "node",
            "npm",
            "openssl",
            "systemctl",
        )
    ),
}


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "sh"], ids=named)
def test_the_commands_of_a_shell_block_exist(block: Block) -> None:
    for name, *words in commands(block):
        assert name in COMMANDS
        if check := COMMANDS[name]:
            check(words)
    if bash := shutil.which("bash"):
        subprocess.run([bash, "-n"], input=block.text, text=True, check=True)


#: how blocks of data are read; None: as text
DATA: dict[str, Callable[[str], Any] | None] = {
    "json": json.loads,
    "yaml": yaml.safe_load,
    "js": None,  # tests/javascript runs it
    "nginx": None,
    "text": None,
    "": None,
}
#: building the site tries directives
OTHERS = [block for block in ALL if block.language not in ("python", "sh") and block.language[:1] != "{"]


@pytest.mark.parametrize("block", OTHERS, ids=named)
def test_a_block_of_another_language_can_be_read(block: Block) -> None:
    read = DATA[block.language]
    assert read is None or read(block.text)
