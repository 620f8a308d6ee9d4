"""Restores the root logger, which webex_bot configures, so that one test does not change the next one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def root_logger_restored() -> Iterator[None]:
    """Restore the root logger's handlers and level at the end of a ``with`` block."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)  # not the attribute: loggers cache which levels are enabled
