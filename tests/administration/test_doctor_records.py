"""``doctor`` checks the YAML file, and whether the stored records can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor import Doctor
from support.makers import KEY, NEW_KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth.testing.sample_contexts import context

pytestmark = pytest.mark.usefixtures("no_settings")


def test_doctor_checks_the_file_and_its_folder(file_doctor: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "tokens.yml"
    path.write_text("")
    path.chmod(0o640)
    said = f"error: other users can read or write {path} (0640); chmod 600 {path}"
    assert file_doctor.line("file") == said
    path.rename(tmp_path / "other.yml")
    path.symlink_to(tmp_path / "other.yml")
    assert file_doctor.line("file").startswith(f"error: {path} is a symbolic link, which is refused")
    assert file_doctor.line("records").startswith(f"error: cannot be read: {path}: is a symbolic link")
    path.unlink()
    path.mkdir()
    assert file_doctor.line("file").startswith(f"error: {path} is not a file")
    file_doctor.store_arguments[1] = "/proc/tokens"
    assert file_doctor.line("folder").startswith("error: /proc ")


def test_doctor_counts_records_that_cannot_be_read(
    store_arguments: list[str], store_manager: Make, configuration: Integration,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with store_manager("token", configuration, encryption_keys=[KEY]) as sealed:
        for user_id in ("alice", "bob"):
            sealed.set_user_context(user_id=user_id, user_context=context(user_id))
    doctor = Doctor(store_arguments, capsys)
    assert doctor.line("records") == "ok: 2, all can be read"
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", NEW_KEY)
    assert doctor.line("records").startswith("error: 2 of 2 cannot be decrypted with the keys in WEBEX_BOT_")


def test_doctor_counts_damaged_records(file_doctor: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "tokens.yml"
    path.write_text("alice: {user_id: alice, tokens: 7}\n")
    assert file_doctor.line("records").startswith("error: 1 of 1 are damaged; `users` names them")
    path.write_text("a: [")
    assert file_doctor.line("records").startswith(f"error: cannot be read: {path}: is not YAML in line 2")
