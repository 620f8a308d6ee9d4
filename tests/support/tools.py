"""Programs that check files: in the environment of the tests, or on PATH."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def program(*names: str) -> str:
    """Return the path of the first of these programs that is there; skip the test where none is."""
    for name in names:
        if path := shutil.which(name, path=BIN) or shutil.which(name):
            return path
    pytest.skip(f"{' or '.join(names)} is not installed")


def check(*command: str | Path) -> str:
    """Run a check that has to succeed, and return what it says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    said = f"{done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    return said
