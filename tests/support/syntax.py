"""Syntax trees of Python files."""

from __future__ import annotations

import ast


def parsed(source: str, file: str = "<unknown>") -> ast.Module:
    """The tree of a program."""
    try:
        return ast.parse(source, file)
    except SystemError:  # CPython issue 106905: up to 3.12, where Python collects garbage meanwhile
        return ast.parse(source, file)
