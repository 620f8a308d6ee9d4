"""``rotate`` encrypts a whole store with the newest key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.makers import KEY, NEW_KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth.__main__ import main
from webex_bot_auth.errors import WrongKey
from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.mark.holds(19)
def test_rotate_encrypts_a_whole_store_with_the_newest_key(
    store_arguments: list[str], store_manager: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with store_manager("token", integration) as plain:
        plain.set_user_context(user_id="alice", user_context=context("alice"))
    with store_manager("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="bob", user_context=context("bob"))

    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", f"{NEW_KEY},{KEY}")
    assert main([*store_arguments, "rotate"]) == 0
    assert capsys.readouterr().out == "records encrypted with the newest key: 2\n"
    with store_manager("token", integration, encryption_keys=[NEW_KEY]) as new:
        assert new.get_user_context(user_id="alice") == context("alice")
        assert new.get_user_context(user_id="bob") == context("bob")
    with store_manager("token", integration, encryption_keys=[KEY]) as old, pytest.raises(WrongKey):
        old.get_user_context(user_id="alice")
    assert main([*store_arguments, "rotate"]) == 0
    assert capsys.readouterr().out == "records encrypted with the newest key: 0\n"


@pytest.mark.holds(19)
def test_rotate_leaves_records_that_it_cannot_read_and_names_them(
    store_arguments: list[str], store_manager: Make, integration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with store_manager("token", integration, encryption_keys=[KEY]) as old:
        old.set_user_context(user_id="alice", user_context=context("alice"))
    with store_manager("token", integration) as plain:
        plain.set_user_context(user_id="bob", user_context=context("bob"))
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", NEW_KEY)
    assert main([*store_arguments, "rotate"]) == 1
    said = capsys.readouterr()
    assert said.out == "records encrypted with the newest key: 1\n"
    assert "alice" in said.err
    with store_manager("token", integration, encryption_keys=[NEW_KEY, KEY]) as both:
        assert both.get_user_context(user_id="alice") == context("alice")
        assert both.get_user_context(user_id="bob") == context("bob")


def test_rotate_encrypts_a_record_whose_encrypted_part_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was written without a key, and edited by hand since."""
    record = {**json.loads(context("alice").model_dump_json()), "sealed": 5}
    (tmp_path / "tokens.yml").write_text(yaml.dump({"alice": record}))
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    for count in (1, 0):
        assert main(["--yaml", str(tmp_path / "tokens"), "rotate"]) == 0
        assert capsys.readouterr().out == f"records encrypted with the newest key: {count}\n"


def test_rotate_needs_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--yaml", str(tmp_path / "tokens"), "rotate"]) == 1
    assert "WEBEX_BOT_AUTH_KEYS: is not set" in capsys.readouterr().err
