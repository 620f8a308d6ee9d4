"""Imports point one way: no circle, and what only one room needs is imported in that room alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from support.syntax import parsed

import webex_bot_auth

PACKAGE = Path(webex_bot_auth.__file__).parent
MODULES = {
    ".".join(["webex_bot_auth", *file.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(
        ".__init__"
    ): file
    for file in sorted(PACKAGE.rglob("*.py"))
}

#: packages that a few rooms alone may import
ONLY_IN = {
    "flask": ("redirect", "sandbox", "testing"),
    "jinja2": ("redirect", "sandbox"),
    "redis": ("stores.redis", "user_context.redis_manager", "administration"),
    "sqlalchemy": ("stores.sql", "user_context.sql_manager"),
    "yaml": ("stores.yaml_lines", "sandbox.state_file"),
    "filelock": ("stores.yaml_file",),
    "cryptography": ("logins.cipher", "sandbox"),
    "webex_bot": ("commands", "sandbox", "testing"),
    "pytest": ("testing.contract",),
    "hypothesis": ("testing.contract",),
    "websockets": ("sandbox",),
}


@cache
def imported(module: str) -> tuple[str, ...]:
    """Modules that a module imports, those for typing and inside functions included."""
    return tuple(_imported(module))


def _imported(module: str) -> Iterator[str]:
    file = MODULES[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(parsed(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(filter(None, [*(above if node.level else ()), node.module]))
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base


def folder(module: str) -> str:
    """A folder below the package; a module that lies in no folder stands for itself."""
    return ".".join(module.split(".")[:2])


def test_there_is_no_circle_of_modules() -> None:
    graph = {
        module: {other for other in imported(module) if other in MODULES} - {module} for module in MODULES
    }
    TopologicalSorter(graph).prepare()  # CycleError names the circle


def test_folders_point_down() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        known = {folder(other) for other in imported(module) if other in MODULES}
        graph.setdefault(folder(module), set()).update(known - {folder(module)})
    TopologicalSorter(graph).prepare()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_each_module_can_be_imported_first() -> None:
    """Python imports the packages around a module before it, so that each process forks one for each part."""
    code = """
import os, sys
import cryptography, flask, hypothesis, pytest, redis, requests, webex_bot.webex_bot, websockets, wxc_sdk
def can_be_imported(module):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        __import__(module)
    except BaseException as error:
        print(module, repr(error), flush=True)
        os._exit(1)
    parts = [name for name in sys.argv[1:] if name.rpartition(".")[0] == module]
    os._exit(not all([can_be_imported(part) for part in parts]))
sys.exit(not can_be_imported("webex_bot_auth"))
"""
    names = [name for name in MODULES if not name.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", ONLY_IN)
def test_what_few_rooms_need_is_imported_there_alone(package: str) -> None:
    rooms = tuple(f"webex_bot_auth.{room}" for room in ONLY_IN[package])
    for module in MODULES:
        if any(name.partition(".")[0] == package for name in imported(module)):
            typing_only = package == "flask" and module == "webex_bot_auth.user_context.manager"
            assert module.startswith(rooms) or typing_only, f"{module} imports {package}"


def test_nothing_but_the_entry_imports_the_administration() -> None:
    for module in MODULES:
        if not module.startswith("webex_bot_auth.administration"):
            known = any(name.startswith("webex_bot_auth.administration") for name in imported(module))
            assert known == (module == "webex_bot_auth.__main__"), module


def test_nothing_is_imported_before_it_is_needed() -> None:
    heavy = (
        "flask",
        "webex_bot_auth.logins.cipher",
        "webex_bot_auth.sandbox",
        "webexpythonsdk",
        "websockets",
        "redis",
    )
    code = f"import sys, webex_bot_auth; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_files_and_folders_stay_small() -> None:
    for module, file in MODULES.items():
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 500, module
    for path in {file.parent for file in MODULES.values()}:
        assert len(list(path.glob("*.py"))) <= 13, path
