"""What the documentation says about the code is true of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.documented import ROOT, run
from support.redis_server import RedisServer
from wxc_sdk.integration import Integration

PAGE = (ROOT / "docs" / "background" / "code.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "webex_bot_auth"


def test_the_map_names_each_folder_of_the_package() -> None:
    folders = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("*/__init__.py")}
    assert not {folder for folder in folders if f"| [{folder}/](../../webex_bot_auth/{folder}) |" not in PAGE}


def test_the_paths_of_data_name_methods_that_exist() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", PAGE.partition("## Where a message goes")[2])
    assert named
    for owner, method in named:
        found = [text for text in sources if f"class {owner}" in text and f"def {method}(" in text]
        assert found, f"{owner}.{method}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs/background").glob("*.md")), ids=lambda page: page.stem)
def test_files_that_the_background_names_exist(page: Path) -> None:
    named = re.findall(r"`(\w+/[\w/]+\.py)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (PACKAGE / name).is_file()] == []


def test_the_client_for_one_server_works(redis_server: RedisServer, integration: Integration) -> None:
    """The tests of Sentinel and Cluster use the clients for these."""
    names = run("A client of your own", [("127.0.0.1", redis_server.port)], integration)
    with names["client"], names["token_manager"] as manager:
        assert manager.start_flow(user_id="alice")
