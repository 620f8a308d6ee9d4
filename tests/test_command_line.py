"""``python -m webex_bot_auth``: looks after a store, and never prints a token."""

from __future__ import annotations

import secrets
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from support.contexts import context
from support.makers import KEY, Make
from support.redis_server import RedisServer
from wxc_sdk.integration import Integration

from webex_bot_auth.__main__ import main
from webex_bot_auth.errors import WrongKey

NEW_KEY = b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(params=["yaml", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Where the managers of ``either_manager`` keep things, as arguments."""
    if request.param == "yaml":
        return ["--yaml", str(tmp_path / "tokens")]
    return ["--redis-url", request.getfixturevalue("redis_url")]


@pytest.fixture
def make(request: pytest.FixtureRequest, store: list[str]) -> Make:
    make: Make = request.getfixturevalue(f"{store[0].removeprefix('--').removesuffix('-url')}_manager")
    return make


@pytest.mark.holds(19)
def test_rotate_encrypts_a_whole_store_with_the_newest_key(
    store: list[str], make: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with make("token", integration) as plain:
        plain.set_user_context(user_id="alice", user_context=context("alice"))
    with make("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="bob", user_context=context("bob"))

    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", f"{NEW_KEY},{KEY}")
    assert main([*store, "rotate"]) == 0
    assert capsys.readouterr().out == "2 records encrypted with the newest key\n"
    with make("token", integration, encryption_keys=[NEW_KEY]) as new:
        assert new.get_user_context(user_id="alice") == context("alice")
        assert new.get_user_context(user_id="bob") == context("bob")
    with make("token", integration, encryption_keys=[KEY]) as old, pytest.raises(WrongKey):
        old.get_user_context(user_id="alice")
    assert main([*store, "rotate"]) == 0
    assert capsys.readouterr().out == "0 records encrypted with the newest key\n"


@pytest.mark.holds(19)
def test_rotate_leaves_what_it_cannot_read_and_says_so(
    store: list[str], make: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with make("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="alice", user_context=context("alice"))
    with make("token", integration) as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", NEW_KEY)
    assert main([*store, "rotate"]) == 1
    said = capsys.readouterr()
    assert said.out == "1 records encrypted with the newest key\n"
    assert "alice" in said.err
    with make("token", integration, encryption_keys=[NEW_KEY, KEY]) as both:
        assert both.get_user_context(user_id="alice") == context("alice")
        assert both.get_user_context(user_id="bob") == context("bob")


def test_users_lists_ids_and_no_token(
    store: list[str], make: Make, integration: Integration, capsys: pytest.CaptureFixture[str]
) -> None:
    with make("token", integration) as manager:
        for user_id in ("bob", "alice"):
            manager.set_user_context(user_id=user_id, user_context=context(user_id))
    assert main([*store, "users"]) == 0
    assert capsys.readouterr().out == "alice\nbob\n"


def test_a_store_that_cannot_be_reached_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--redis-url", RedisServer(tmp_path).url, "users"]) == 1
    assert "Redis cannot be reached" in capsys.readouterr().err
    (tmp_path / "tokens.yml").write_text("a: [")
    assert main(["--yaml", str(tmp_path / "tokens"), "users"]) == 1
    assert "is not YAML in line 2" in capsys.readouterr().err
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", "short")
    assert main(["--yaml", str(tmp_path / "tokens"), "rotate"]) == 1
    assert "encryption_keys" in capsys.readouterr().err


def test_it_is_installed_as_a_command() -> None:
    command = Path(sys.executable).parent / "webex-bot-auth"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "rotate" in done.stdout
