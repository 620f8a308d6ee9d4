"""The code blocks of the documentation, and how each kind is tried.

Python blocks of a page are one program, in their order. A block whose first line is ``# name.py`` is that
file; other blocks may import it. A block in an HTML comment is for the test alone: readers do not see it.
"""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import redis
from wxc_sdk.integration import Integration

from support.syntax import parsed
from webex_bot_auth.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
#: all documents of the project
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not {
        part
        for part in path.relative_to(ROOT).parts
        if part.startswith(".") or part in ("build", "node_modules")
    }
)
#: an argument that how-to/redis.md recommends for redis-py 5; later versions warn about it
ONLY_5 = "cluster_error_retry_attempts=0"
#: above a block: which file tests it instead, as it needs servers that are not always there
ELSEWHERE = re.compile(r"<!-- runs in (\S+) -->\s*$")
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        page: the document, as a path from the root of the project
        line: number of its first line
        language: what stands behind the backquotes
        text: its lines
        elsewhere: the test file that runs it; None: it is run with its page
    """

    page: str
    line: int
    language: str
    text: str
    elsewhere: str | None

    @property
    def file(self) -> str | None:
        """The name of the file that it is, without ``.py``."""
        found = re.match(r"# (\w+)\.py\n", self.text)
        return found[1] if found else None

    @property
    def tree(self) -> ast.Module:
        """What Python makes of it."""
        return parsed(self.text, f"{self.page}, block in line {self.line}")

    def run(self, names: dict[str, Any]) -> None:
        """Run it; tracebacks show its lines in the page."""
        code = compile("\n" * (self.line - 1) + self.text, str(ROOT / self.page), "exec")
        exec(code, names)  # noqa: S102 (our own documentation)


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The code blocks of a page; only those of one language, if it is named."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        before, indent = text[: match.start()], match["indent"]
        elsewhere = ELSEWHERE.search(before)
        lines = "".join(line.removeprefix(indent) for line in match["text"].splitlines(keepends=True))
        found.append(
            Block(page, before.count("\n") + 2, match["language"], lines, elsewhere[1] if elsewhere else None)
        )
    return [block for block in found if language in (None, block.language)]


class Program:
    """The Python blocks of a page.

    Args:
        page: the document
    """

    def __init__(self, page: str) -> None:
        self._blocks = [block for block in blocks(page, "python") if block.elsewhere is None]

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def tests(self) -> dict[str, list[str]]:
        """The test functions that the page shows, with the fixtures that each of them takes."""
        return {
            node.name: [argument.arg for argument in node.args.args]
            for block in self._blocks
            for node in block.tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        }

    def needed(self, given: set[str]) -> set[str]:
        """Which of these names the page uses, and does not make itself."""
        used: set[str] = set()
        made: set[str] = set()
        for node in (node for block in self._blocks for node in ast.walk(block.tree)):
            if isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
            elif isinstance(node, ast.arg):
                made.add(node.arg)
        return (used & given) - made

    def run(self, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """Run all blocks.

        Args:
            names: what the page uses without making it
            monkeypatch: forgets the page's files afterwards; Enter is pressed at once, and no browser opens

        Returns:
            all names that the blocks made
        """
        monkeypatch.setattr("builtins.input", lambda prompt: "")
        monkeypatch.setattr(Sandbox, "show", lambda self: None)
        files: dict[str, ModuleType] = {}
        for block in self._blocks:
            if block.file is None:
                block.run(names)
                continue
            if block.file not in files:
                files[block.file] = ModuleType(block.file)
                monkeypatch.setitem(sys.modules, block.file, files[block.file])
            block.run(files[block.file].__dict__)
        return {**{name: value for file in files.values() for name, value in vars(file).items()}, **names}


def commands(block: Block) -> Iterator[list[str]]:
    """The commands of a shell block, as words; without settings in front, and without what follows a pipe."""
    for line in block.text.replace("\\\n", " ").splitlines():
        for command in (*re.split(r"\s(?:&&|\|)\s", line), *re.findall(r"\$\((.*?)\)", line)):
            words = shlex.split(command, comments=True)
            while words and (re.match(r"\w+=", words[0]) or words[0] == "sudo"):
                words = words[1:]
            if words:
                yield words


def run(heading: str, addresses: list[tuple[str, int]], integration: Integration) -> dict[str, Any]:
    """Run the block below a heading of how-to/redis.md with other addresses.

    Args:
        heading: a heading of the page
        addresses: host and port of the servers
        integration: the integration for its token manager

    Returns:
        all names that the block defines, among them ``client`` and ``token_manager``
    """
    snippet = _below(heading)
    for number, (host, port) in enumerate(addresses[:3], 1):
        snippet, count = re.subn(
            rf'"(sentinel|redis)-{number}",\s+(port=)?\d+', rf'"{host}", \g<2>{port}', snippet
        )
        assert count == 1, f"how-to/redis.md, {heading}: no address {number}"
    if redis.__version__.startswith("5."):
        snippet = re.sub(rf"  #.* {ONLY_5}$", f"\n    {ONLY_5},", snippet, flags=re.MULTILINE)
    names: dict[str, Any] = {"bot_token": "token", "integration": integration}
    exec(snippet, names)  # noqa: S102 (our own page)
    return names


def _below(heading: str) -> str:
    page = (ROOT / "docs" / "how-to" / "redis.md").read_text(encoding="utf-8")
    found = re.search(rf"^#+ {heading}\n.*?```python\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert found, f"how-to/redis.md has no block below {heading}"
    return found[1]
