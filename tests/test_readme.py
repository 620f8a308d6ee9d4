"""The snippets of the README work."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support import documented
from support.redis_server import RedisServer, free_port
from wxc_sdk.integration import Integration

from webex_bot_auth.sandbox import Sandbox, open_url

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_each_folder_of_the_package() -> None:
    package = ROOT / "webex_bot_auth"
    folders = {path.parent.relative_to(ROOT).as_posix() for path in package.glob("*/__init__.py")}
    assert not {folder for folder in folders if f"/]({folder}) |" not in README}


def test_the_paths_of_data_name_methods_that_exist() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "webex_bot_auth").rglob("*.py")]
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", README.partition("## Where a login goes")[2])
    assert named
    for owner, method in named:
        found = [text for text in sources if f"class {owner}" in text and f"def {method}(" in text]
        assert found, f"{owner}.{method}"


def test_the_client_for_one_server_works(redis_server: RedisServer, integration: Integration) -> None:
    """The tests of Sentinel and Cluster use the clients for these."""
    names = documented.run("One server", [("127.0.0.1", redis_server.port)], integration)
    with names["client"], names["token_manager"] as manager:
        assert manager.start_flow(user_id="alice")


@contextlib.contextmanager
def as_written(
    cloud: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, snippet: str, *scopes: str
) -> Iterator[dict[str, Any]]:
    """Run a snippet without its last line, in a folder of its own and with settings in the environment."""
    port, bot = free_port(), cloud.add_bot("Echo Bot")
    integration = cloud.integration(f"http://127.0.0.1:{port}/redirect", list(scopes))
    settings = {
        "CLIENT_ID": integration.client_id,
        "CLIENT_SECRET": integration.client_secret,
        "REDIRECT_URL": integration.redirect_url,
        "BOT_TOKEN": bot.token,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"WEBEX_{name}", value)
    monkeypatch.chdir(tmp_path)
    serve = Flask.run
    monkeypatch.setattr(
        Flask, "run", lambda app, port: serve(app, port=int(integration.redirect_url.split(":")[2][:-9]))
    )
    for service in ("auth_service", "token_service"):
        address = getattr(integration, service)
        snippet = snippet.replace("    scopes=", f"    {service}={address!r},\n    scopes=", 1)
    assert snippet.endswith("bot.run()\n")
    names: dict[str, Any] = {"__name__": "readme"}
    exec(snippet.removesuffix("bot.run()\n"), names)  # noqa: S102 (our own README)
    with names["token_manager"], cloud.run_bot(names["bot"]):
        yield names


def test_the_twenty_lines_work(cloud: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snippet = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    alice = cloud.add_person("Alice Adams")
    with as_written(cloud, monkeypatch, tmp_path, snippet, "spark:people_read") as names:
        echo = next(person for person in cloud.people() if person.is_bot)
        asked = cloud.say(alice, cloud.direct(alice, echo), "whoami")
        card = cloud.wait_for_message(asked.room, lambda message: message.card)
        assert cloud.log_in(open_url(card.card), alice).status_code == 200
        cloud.wait_for_message(asked.room, lambda message: message.text == "You are Alice Adams")
        assert names["token_manager"].get_user_context(user_id=alice.id)
    assert (tmp_path / "tokens.yml").exists()
