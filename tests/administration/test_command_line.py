"""``python -m webex_bot_auth``: maintains a store, and never prints a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.makers import KEY, NEW_KEY, Make
from support.redis_server import RedisServer, free_port
from wxc_sdk.integration import Integration
from wxc_sdk.rest import RestSession

from webex_bot_auth.__main__ import main
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.redirects import came_back
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")


def test_it_is_installed_as_a_command() -> None:
    command = Path(sys.executable).parent / "webex-bot-auth"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "rotate" in done.stdout


@pytest.mark.parametrize("url", ["redis://me:hush@localhost", "redis://localhost?password=hush"])
def test_a_password_on_the_command_line_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--redis-url", url, "users"]) == 1
    said = capsys.readouterr()
    assert "REDIS_URL" in said.err
    assert "hush" not in said.out + said.err


def test_redis_url_is_taken_from_the_environment(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert main(["--redis-url", "env", "users"]) == 0
    monkeypatch.delenv("REDIS_URL")
    assert main(["--redis-url", "env", "users"]) == 1
    assert "redis_url" in capsys.readouterr().err


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


@pytest.mark.holds(17)
def test_no_command_ever_prints_a_secret(
    store_arguments: list[str], store_manager: Make, configuration: Integration, cloud: Sandbox,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    alice, bot_token = cloud.add_person("Alice Adams"), os.environ["WEBEX_BOT_TOKEN"]
    secret = [bot_token, configuration.client_secret, KEY, NEW_KEY]
    with (
        store_manager(bot_token, configuration) as plain,
        store_manager(bot_token, configuration, encryption_keys=[KEY]) as sealed,
    ):
        back = came_back(cloud, plain.asking.url(alice.id), alice)
        plain.process_redirect(**back)
        tokens = plain.get_user_context(user_id=alice.id).tokens  # type: ignore[union-attr]
        secret += [back["code"], tokens.access_token, tokens.refresh_token]
        sealed.set_user_context(user_id="bob", user_context=context("bob", "a-token-of-bob"))
        secret += [back["flow_id"], plain.start_flow(user_id="eve"), sealed.start_flow(user_id="eve")]
        secret += ["a-token-of-bob"]
        capsys.readouterr(), caplog.clear()
        for keys in ("", KEY, NEW_KEY, f"{NEW_KEY},{KEY}", bot_token):
            monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", keys)
            for command in ("users", "users --json", "flows", "flows --json", "doctor", "rotate"):
                main([*store_arguments, *command.split()])
        monkeypatch.setattr(RestSession, "BASE", f"http://127.0.0.1:{free_port()}/v1")
        monkeypatch.setenv("WEBEX_TOKEN_SERVICE", f"http://127.0.0.1:{free_port()}/")
        main([*store_arguments, "doctor"])
        for user in (alice.id, "bob", "bob --force", "nobody"):
            main([*store_arguments, "logout", *user.split()])
    printed = capsys.readouterr()
    assert "Echo Bot" in printed.out
    for everything in (printed.out, printed.err, caplog.text):
        assert not [one for one in secret if one in everything]
