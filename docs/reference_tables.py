"""A directive for a table that is made from the code, so that it is never out of date.

``{texts}``: all sentences that people read, with their fields.
"""

from __future__ import annotations

from dataclasses import fields
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
    app.add_directive("texts", TextsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
