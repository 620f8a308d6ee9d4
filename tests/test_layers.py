"""Imports point downward, and what only one room needs is imported in that room only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import webex_bot_auth

PACKAGE = Path(webex_bot_auth.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: rooms from the ground up: each may know those before it, and none after it
ROOMS = [
    "errors", "signals", "token_endpoint", "oauth", "device_grant", "rest", "redaction",
    "chat.texts", "chat.cards", "chat.messenger",
    "user_context.models", "chat.speaker", "user_context.cipher", "user_context.records",
    "user_context.pending",
    "user_context.backoff", "user_context.locks", "user_context.refresh", "user_context.overlay",
    "user_context.device_poller", "user_context.front_ends", "user_context.invitations",
    "user_context.manager", "user_context.stored", "user_context", "commands", "redirect",
    "", "administration", "__main__", "sandbox", "testing",
]  # fmt: skip

#: packages that one room alone may import
ONLY_IN = {
    "flask": ("redirect", "sandbox", "testing"),
    "jinja2": ("redirect", "sandbox"),
    "redis": ("user_context.redis_",),
    "yaml": ("user_context.user_lines",),
    "filelock": ("user_context.user_file",),
    "cryptography": ("user_context.cipher", "sandbox"),
    "webex_bot": ("commands", "sandbox", "testing"),
    "pytest": ("testing.contract",),
    "hypothesis": ("testing.contract",),
    "websockets": ("sandbox",),
}


def imports(file: Path) -> Iterator[str]:
    """Absolute names of what a file imports when it is imported, not for types and not within functions."""
    name = "webex_bot_auth." + module(file)
    package = (name if file.name == "__init__.py" else name.rpartition(".")[0]).rstrip(".")
    for node in top_level(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            yield ".".join(filter(None, [base, node.module]))


def top_level(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if isinstance(node, ast.Try):
            yield from ast.walk(node)
        elif not isinstance(node, (ast.If, ast.FunctionDef, ast.ClassDef)):
            yield node


def module(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def height(name: str) -> int:
    fitting = [room for room in ROOMS if name == room or (room and name.startswith(room + "."))]
    return ROOMS.index(max(fitting, key=len))


@pytest.mark.parametrize("file", FILES, ids=module)
def test_imports_point_downward(file: Path) -> None:
    mine = module(file)
    for name in imports(file):
        if name.startswith("webex_bot_auth."):
            other = name.removeprefix("webex_bot_auth.")
            assert height(other) <= height(mine), f"{mine} imports {other}"


@pytest.mark.parametrize("file", FILES, ids=module)
def test_what_one_room_needs_is_imported_there_only(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        )  # fmt: skip
        for name in names:
            rooms = ONLY_IN.get(name.partition(".")[0])
            typing_only = name.startswith("flask") and module(file) == "user_context.front_ends"
            assert rooms is None or module(file).startswith(rooms) or typing_only, f"{name} in {module(file)}"


def test_the_backends_do_not_know_each_other_and_nobody_below_knows_them() -> None:
    families = [
        {"yaml_file", "user_file", "user_lines"},
        {
            "redis_server",
            "redis_client",
            "redis_cluster",
            "redis_maintenance",
            "redis_users",
            "redis_pending",
            "redis_diagnosis",
        },
    ]
    backends = set().union(*families)
    for file in FILES:
        known = {name.rpartition(".")[2] for name in imports(file)} & backends
        own = next((family for family in families if file.stem in family), set())
        if module(file) != "user_context":
            assert known <= own, file


def test_nothing_but_the_entry_imports_the_administration() -> None:
    for file in FILES:
        if not module(file).startswith("administration"):
            known = any(name.startswith("webex_bot_auth.administration") for name in imports(file))
            assert known == (module(file) == "__main__"), file


def test_nothing_is_imported_before_it_is_needed() -> None:
    heavy = (
        "flask",
        "webex_bot_auth.user_context.cipher",
        "webex_bot_auth.sandbox",
        "webexpythonsdk",
        "websockets",
        "redis",
    )
    code = f"import sys, webex_bot_auth; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
