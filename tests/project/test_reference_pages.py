"""The reference has everything that there is, and the messages that the documentation quotes exist."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from blinker import NamedSignal
from support.documented import ROOT
from support.syntax import parsed

import webex_bot_auth
from webex_bot_auth import errors, signals, testing, user_context
from webex_bot_auth import requires_user_token as guard
from webex_bot_auth.administration import environment
from webex_bot_auth.administration.command_line import main
from webex_bot_auth.chat.texts import PageText, Texts
from webex_bot_auth.testing import contract

DOCS = ROOT / "docs"
#: what every token manager takes, and only the first table has
COMMON = {"bot_token", "integration"}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_error_is_there_with_what_to_do() -> None:
    base = errors.WebexBotAuthError
    known = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, base)
    }
    assert known - {base.__name__} == set(
        re.findall(r"^\| `(\w+)` \|", page("reference/errors.md"), re.MULTILINE)
    )


def test_every_signal_is_there() -> None:
    known = {name for name, value in vars(signals).items() if isinstance(value, NamedSignal)}
    assert known == set(re.findall(r"^\| `(\w+)` \|", page("reference/signals.md"), re.MULTILINE))


@pytest.mark.parametrize("package", [webex_bot_auth, testing, contract])  # Sphinx lists the sandbox's
def test_everything_that_can_be_imported_is_there(package: ModuleType) -> None:
    pages = "".join(page(f"reference/{name}.md") for name in ("api", "errors", "texts"))
    assert [name for name in package.__all__ if not re.search(rf"\b{name}\b", pages)] == []


def options(function: Any) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD} - {"self"}


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("Every token manager", options(user_context.TokenManager.__init__) - {"users", "flows"}),
        ("YAMLTokenManager", options(user_context.YAMLTokenManager.__init__) - COMMON),
        (
            "RedisTokenManager",
            options(user_context.RedisTokenManager.__init__) - COMMON,
        ),
        ("SQLTokenManager", options(user_context.SQLTokenManager.__init__) - COMMON),
        (
            "StoredTokenManager",
            options(user_context.StoredTokenManager.__init__) - COMMON,
        ),
        ("register_bot", options(user_context.TokenManager.register_bot)),
        ("requires_user_token", options(guard) - {"target"}),
        (
            "Environment variables",
            {
                value
                for value in vars(environment).values()
                if isinstance(value, str) and re.fullmatch(r"(WEBEX|REDIS|SQL)_[A-Z_]+", value)
            },
        ),
    ],
)
def test_every_setting_is_there(heading: str, known: set[str]) -> None:
    table = re.split(
        r"^## ", page("reference/settings.md").partition(f"## {heading}\n")[2], flags=re.MULTILINE
    )
    first = re.findall(r"^\| (`.*?`) \|", table[0], re.MULTILINE)
    assert known == set(re.findall(r"`(\w+)`", " ".join(first)))


def test_every_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    known = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE)
    assert known
    assert set(known) == set(re.findall(r"^\| `(\w+)", page("reference/command-line.md"), re.MULTILINE))


def said() -> list[str]:
    """All that people read, in parts."""
    defaults = [field.default for field in fields(Texts)]
    return [
        part
        for text in defaults
        for part in ((text.title, text.sentence, text.next_step) if isinstance(text, PageText) else (text,))
    ]


@cache
def logged() -> list[str]:
    """All texts in the code of the package."""
    files = (ROOT / "webex_bot_auth").rglob("*.py")
    trees = [parsed(file.read_text(encoding="utf-8")) for file in files]
    return [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


QUOTED = re.findall(r"^\| \*([^*]+)\* \|", page("troubleshooting.md"), re.MULTILINE)
LOG_LINES = re.findall(
    r"^\| `([^`]+)` \|", page("troubleshooting.md").partition("## In the log")[2], re.MULTILINE
)


@pytest.mark.parametrize("message", QUOTED)
def test_what_people_read_is_what_the_bot_says(message: str) -> None:
    assert [text for text in said() if message in text]


@pytest.mark.parametrize("line", LOG_LINES)
def test_a_line_of_the_log_is_what_the_code_writes(line: str) -> None:
    first, _, rest = line.partition(": ")
    texts = logged()
    assert [text for text in texts if line in text] or (
        [text for text in texts if first in text] and [text for text in texts if rest in text]
    )
