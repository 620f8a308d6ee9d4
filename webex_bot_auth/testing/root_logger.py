"""webex_bot configures the root logger; a test shall not leave that to the next one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def root_logger_restored() -> Iterator[None]:
    """Put the root logger's handlers and level back at the end of a ``with`` block."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)  # not the attribute: loggers remember which levels are on
