"""Markdown to HTML and to plain text, and HTML with nothing in it but what Webex lets through.

The HTML is made by markdown-it-py, which ``pip install webex-bot-auth[sandbox]`` brings; without it, the
Markdown is shown as it was written.
"""

from __future__ import annotations

import html
import re
from functools import cache
from html.parser import HTMLParser
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
SYNTAX = (
    (re.compile(r"</?(?:blockquote|p|br|div|li|ul|ol|h[1-6])\b[^>]*>", re.IGNORECASE), "\n"),
    (re.compile(r"<[a-zA-Z/][^>]*>"), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL), r"\2"),
    (re.compile(r"(?<!\w)([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"```\w*\n?|`"), ""),
    (re.compile(r"^[ \t]*(?:>|#{1,6})[ \t]+", re.MULTILINE), ""),
)


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
    """Return HTML without elements and attributes that Webex does not let through."""
    cleaner = _Cleaner()
    cleaner.feed(markup)
    cleaner.close()
    return "".join(cleaner.parts)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unreadable = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unreadable += tag in UNREADABLE
        if tag in ALLOWED:
            kept = [
                (key, value or "") for key, value in attrs if key in ALLOWED[tag] and _is_safe(key, value)
            ]
            written = "".join(f' {key}="{html.escape(value)}"' for key, value in kept)
            self.parts.append(f"<{tag}{written}{'/' if tag in EMPTY else ''}>")

    def handle_endtag(self, tag: str) -> None:
        self._unreadable -= tag in UNREADABLE and self._unreadable > 0
        if tag in ALLOWED and tag not in EMPTY:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._unreadable:
            self.parts.append(html.escape(data, quote=False))


def _is_safe(key: str, value: str | None) -> bool:
    return key != "href" or (value or "").lower().startswith(
        ("http://", "https://", "mailto:", "webexteams:")
    )
