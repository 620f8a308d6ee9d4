"""Markdown to HTML and to plain text, and HTML with nothing in it but what Webex lets through.

The HTML is made by markdown-it-py, which ``pip install webex-bot-auth[sandbox]`` brings; without it, the
Markdown is shown as it was written.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

ALLOWED = {
    "a": ("href",),
    "blockquote": ("class",),
    "code": ("class",),
    "ol": ("start",),
    "spark-mention": ("data-object-type", "data-object-id", "data-group-type"),
    **dict.fromkeys(
        ("b", "br", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "p", "pre", "s"), ()
    ),
    **dict.fromkeys(("strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"), ()),
}
EMPTY = {"br", "hr"}  # they have no end tag
UNREADABLE = {"script", "style"}  # what is in them is not text
#: none of these looks for its end beyond the next beginning: otherwise 8 KB of ``<p `` would take seconds
SYNTAX = (
    (re.compile(r"</?(?:blockquote|p|br|div|li|ul|ol|h[1-6])\b[^<>]*>", re.IGNORECASE), "\n"),
    (re.compile(r"<[a-zA-Z/][^<>]*>"), ""),
    (re.compile(r"!?\[([^\[\]]*)\]\([^)\[]*\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)(.{1,1000}?)(?<=\S)\1", re.DOTALL), r"\2"),
    (re.compile(r"(?<!\w)([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"```\w*\n?|`"), ""),
    (re.compile(r"^[ \t]*(?:>|#{1,6})[ \t]+", re.MULTILINE), ""),
)
TAG = re.compile(r"<(?:(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<attributes>[^<>]*)|[!?][^<>]*)>")
ATTRIBUTE = re.compile(r"""(?<![\w-])([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""")


def plain_text(markdown: str) -> str:
    """Return a Markdown text without its syntax."""
    for pattern, plain in SYNTAX:
        markdown = pattern.sub(plain, markdown)
    return html.unescape(markdown).strip()


def to_html(markdown: str) -> str:
    """Return the HTML of a Markdown text; HTML in it stays where Webex lets it through."""
    renderer = _renderer()
    if renderer is None:
        return f"<p>{escape(markdown)}</p>"
    return cleaned(renderer.render(markdown)).strip()


@cache
def _renderer() -> Any:
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        return None
    return MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


def escape(text: str) -> str:
    """Return the HTML of a plain text."""
    return html.escape(text, quote=False).replace("\n", "<br/>")


def cleaned(markup: str) -> str:
    """Return HTML without elements and attributes that Webex does not let through.

    What is no whole tag is text. Python's own parser takes seconds for some 8 KB, and fails for others.
    """
    parts, unreadable, end = [], "", 0
    for tag in TAG.finditer(markup):
        if not unreadable:
            parts.append(_text(markup[end : tag.start()]))
        end, name = tag.end(), (tag["name"] or "").lower()
        if name in UNREADABLE and (not unreadable or name == unreadable):
            unreadable = "" if tag["end"] else name
        elif name in ALLOWED and not unreadable:
            parts.append(_tag(name, tag))
    return "".join([*parts, _text(markup[end:]) if not unreadable else ""])


def _text(markup: str) -> str:
    return html.escape(html.unescape(markup), quote=False)


def _tag(name: str, tag: re.Match[str]) -> str:
    if tag["end"]:
        return "" if name in EMPTY else f"</{name}>"
    attributes = ""
    for found in ATTRIBUTE.finditer(tag["attributes"]):
        key, value = found[1].lower(), html.unescape(found[2] or found[3] or found[4] or "")
        if key in ALLOWED[name] and _is_safe(key, value):
            attributes += f' {key}="{html.escape(value)}"'
    return f"<{name}{attributes}{'/' if name in EMPTY else ''}>"


def _is_safe(key: str, value: str) -> bool:
    return key != "href" or value.lower().startswith(("http://", "https://", "mailto:", "webexteams:"))
