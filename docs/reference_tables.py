"""Directives for tables that are made from the code, so that they are never out of date.

``{texts}``: all sentences that people read, with their fields. ``{examples}``: the programs in ``examples``.
"""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from webex_bot_auth.chat.texts import PageText, Texts


class TextsTable(Directive):
    """A table of :class:`Texts`: field and default."""

    def run(self) -> list[nodes.Node]:
        rows = [(nodes.literal(text=field.name), _sentences(field.default)) for field in fields(Texts)]
        return [table(("field", "what people read"), rows)]


class ExamplesTable(Directive):
    """A table of the programs in ``examples``, with the first line of each one's docstring."""

    def run(self) -> list[nodes.Node]:
        config = self.state.document.settings.env.config
        rows = []
        for file in sorted((Path(__file__).parent.parent / "examples").glob("*.py")):
            about = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            link = nodes.reference(
                "",
                "",
                nodes.literal(text=file.name),
                refuri=f"{config.repository}/blob/main/examples/{file.name}",
            )
            rows.append((link, about.partition("\n")[0]))
        return [table(("program", "what it shows"), rows)]


def _sentences(default: Any) -> str:
    if isinstance(default, PageText):
        return f"{default.title} | {default.sentence} | {default.next_step}"
    return str(default)


def table(head: tuple[str, str], rows: list[tuple[nodes.Node, str]]) -> nodes.table:
    """A table of two columns: a node and a text."""
    group = nodes.tgroup("", nodes.colspec(colwidth=30), nodes.colspec(colwidth=70), cols=2)
    group += nodes.thead("", nodes.row("", *(_cell(nodes.Text(word)) for word in head)))
    group += nodes.tbody("", *(nodes.row("", _cell(node), _cell(nodes.Text(text))) for node, text in rows))
    return nodes.table("", group)


def _cell(content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", content))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository", "", "env")
    app.add_directive("texts", TextsTable)
    app.add_directive("examples", ExamplesTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
