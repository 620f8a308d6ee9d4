"""Programs that check files: in the environment of the tests, or on PATH."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def _path(*names: str) -> str | None:
    return next(
        (path for name in names if (path := shutil.which(name, path=BIN) or shutil.which(name))), None
    )


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip a test where none of these programs is there, as the test extra has none for each system."""
    return pytest.mark.skipif(_path(*names) is None, reason=f"{' or '.join(names)} is not installed")


def program(*names: str) -> str:
    """Return the path of the first of these programs that is there."""
    path = _path(*names)
    assert path, f"{' or '.join(names)} is not installed"
    return path


def check(*command: str | Path) -> str:
    """Run a check that has to succeed, and return what it says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    said = f"{done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    return said
