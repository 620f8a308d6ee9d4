"""``doctor`` names each setting that is missing or wrong, and does not print its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor import Doctor
from support.makers import KEY, NEW_KEY

from webex_bot_auth.__main__ import main

pytestmark = pytest.mark.usefixtures("no_settings")


def test_doctor_names_each_setting_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Doctor(["--yaml", str(tmp_path / "tokens")], capsys).lines(errors=True)
    names = ("WEBEX_BOT_TOKEN", "WEBEX_CLIENT_ID", "WEBEX_CLIENT_SECRET", "WEBEX_REDIRECT_URL")
    for line, name in zip(lines, names, strict=False):
        assert line.startswith(f"error    {name}: is not set; ")
        assert "developer.webex.com" in line
    assert [line.split(":")[0] for line in lines[4:]] == [
        "warning  scopes", "ok       folder", "ok       file", "warning  encryption", "ok       records",
    ]  # fmt: skip


def test_doctor_asks_for_no_redirect_address_with_the_device_grant(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBEX_REDIRECT_URL")
    subjects = [line[9:].partition(":")[0] for line in file_doctor.lines("--device")]
    assert "redirect address" not in subjects
    assert "WEBEX_REDIRECT_URL" not in subjects


@pytest.mark.parametrize(
    ("name", "value", "subject", "said"),
    [
        ("WEBEX_BOT_TOKEN", "hush ", "WEBEX_BOT_TOKEN", "error: begins or ends with white space"),
        ("WEBEX_BOT_TOKEN", '"hush"', "WEBEX_BOT_TOKEN", "error: contains characters that are not allowed"),
        ("WEBEX_CLIENT_ID", "hush hush", "WEBEX_CLIENT_ID", "error: contains a space"),
        ("WEBEX_CLIENT_SECRET", "hüsh", "WEBEX_CLIENT_SECRET", "error: contains characters that"),
        ("WEBEX_REDIRECT_URL", "hush", "WEBEX_REDIRECT_URL", "error: is not a full address"),
        ("WEBEX_AUTH_SERVICE", "hush", "WEBEX_AUTH_SERVICE", "error: is not a full address"),
        ("WEBEX_TOKEN_SERVICE", "http://hush.com", "WEBEX_TOKEN_SERVICE", "error: has to be https"),
        ("WEBEX_SCOPES", "", "scopes", "warning: WEBEX_SCOPES is not set"),
        ("WEBEX_SCOPES", "spark:people_read,hush", "scopes", "error: 1 of 1 cannot be a scope"),
        ("WEBEX_SCOPES", "spark:rooms_read", "scopes", "error: spark:people_read is missing"),
        ("WEBEX_SCOPES", "spark:all", "scopes", "ok: spark:all"),
        ("WEBEX_BOT_TOKEN", "hush", "bot token", "error: Webex refuses it (HTTP 401); regenerate"),
        ("WEBEX_CLIENT_ID", "hush", "client id and secret", "error: Webex refuses them (HTTP 401); copy"),
        ("WEBEX_CLIENT_SECRET", "hush", "client id and secret", "error: Webex refuses them (HTTP 401)"),
        (
            "WEBEX_REDIRECT_URL", "http://me:hush@example.com/redirect?hush",
            "redirect address", "error: http://example.com/redirect is not https; use https",
        ),
        ("WEBEX_BOT_AUTH_KEYS", "", "encryption", "warning: none: whoever can read the store"),
        ("WEBEX_BOT_AUTH_KEYS", "hush", "encryption", "error: WEBEX_BOT_AUTH_KEYS: each has to be 32 bytes"),
        ("WEBEX_BOT_AUTH_KEYS", f"{NEW_KEY},{KEY}", "encryption", "ok: 2 keys, the first one encrypts"),
    ],
)  # fmt: skip
def test_doctor_reports_a_wrong_setting_without_its_value(
    file_doctor: Doctor, name: str, value: str, subject: str, said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    assert file_doctor.line(subject).startswith(said)
    main([*file_doctor.store_arguments, "doctor"])
    everything = capsys.readouterr()
    assert "hush" not in (everything.out + everything.err)
    lines = [line for line in everything.out.splitlines()[:-2] if not line.startswith("ok")]
    lines = [line for line in lines if not line.startswith("error    regist")]  # what Webex says to it
    assert len(lines) == (0 if said.startswith("ok") else 1), "the other checks go on, and find nothing"
