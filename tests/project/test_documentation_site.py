"""The documentation's site is built without a warning, and without the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.documented import ROOT


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"  # nothing listens there
    arguments = ["-W", "--keep-going", "-n", "-q", "-b", "html", "-d", tmp_path / "doctrees"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *arguments, ROOT / "docs", tmp_path / "site"],
        env={**os.environ, "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in (ROOT / "docs").rglob("*.md"):
        built = tmp_path / "site" / page.relative_to(ROOT / "docs").with_suffix(".html")
        assert 'rel="stylesheet" type="text/css" href="http' not in built.read_text(encoding="utf-8")
