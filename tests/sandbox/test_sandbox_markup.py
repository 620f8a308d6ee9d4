"""The HTML of messages is made safe, with the Markdown library and without it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from webex_bot_auth.sandbox.content.markup import cleaned, plain_text


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p onclick='x()'>a</p>", "<p>a</p>"),
        ("<img src=x onerror=x()>a", "a"),
        ("<style>p {}</style>a<script>b", "a"),
        ("a &lt;b&gt; & c", "a &lt;b&gt; &amp; c"),
        (
            '<a href="https://example.com/?a=1&amp;b=2">x</a>',
            '<a href="https://example.com/?a=1&amp;b=2">x</a>',
        ),
        ('<a href=" JavaScript:x">x</a>', "<a>x</a>"),
        (
            '<blockquote class="success" style="x">a</blockquote>',
            '<blockquote class="success">a</blockquote>',
        ),
        ("a<br>b<hr>", "a<br/>b<hr/>"),
    ],
)
def test_html_has_only_what_webex_lets_through(markup: str, expected: str) -> None:
    assert cleaned(markup) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**bold** _less_ ~~gone~~ `code`", "bold less gone code"),
        ("# Title\n> said\n[x](https://example.com/)", "Title\nsaid\nx"),
        ("a_b_c and 2*3*4 stay", "a_b_c and 2*3*4 stay"),
        ("&lt;b&gt; <br>next", "<b> \nnext"),
    ],
)
def test_plain_text_is_markdown_without_its_syntax(markdown: str, expected: str) -> None:
    assert plain_text(markdown) == expected


def test_without_the_library_markdown_is_shown_as_it_was_written() -> None:
    code = """
import sys
sys.modules["markdown_it"] = None  # as if it were not installed
from webex_bot_auth.sandbox.content.markup import to_html
print(to_html("**a** <script>\\n&"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "<p>**a** &lt;script&gt;<br/>&amp;</p>\n"
