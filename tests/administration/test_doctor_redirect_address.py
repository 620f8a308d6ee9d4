"""``doctor`` checks which program answers at the redirect address."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor import Doctor
from support.raw_server import RawServer, answer
from support.redis_server import free_port
from support.tls import tls_in_front_of
from wxc_sdk.integration import Integration

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (answer(302, b"", Location="https://login.example.com/?hush"),
         "redirects to login.example.com (HTTP 302); use"),
        (answer(404, b""), "is not found (HTTP 404); let the bot's app call register_redirect"),
        (answer(502, b""), ", but nothing behind it (HTTP 502); start the web app"),
        (answer(200, b"", Server="nginx\x1b[2J"), "(HTTP 200, nginx\\x1b[2J); check which app"),
        (answer(400, b""), "(HTTP 400, unknown server); check which app"),
        (b"SSH-2.0-OpenSSH\r\n", "nothing answers at"),
    ],
)  # fmt: skip
def test_doctor_names_who_answers_at_the_redirect_address(
    file_doctor: Doctor, bytes_: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(bytes_) as server:
        monkeypatch.setenv("WEBEX_REDIRECT_URL", server.url)
        line = file_doctor.line("redirect address")
    assert line.startswith("error: ")
    assert said in line
    assert "hush" not in line


def test_doctor_says_that_nothing_answers_at_the_redirect_address(
    file_doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://localhost:{free_port()}/redirect"
    monkeypatch.setenv("WEBEX_REDIRECT_URL", address)
    said = f"error: nothing answers at {address} (ConnectionError); start the bot, or check its port"
    assert file_doctor.line("redirect address") == said


def test_doctor_trusts_no_certificate_that_browsers_would_not(
    file_doctor: Doctor, configuration: Integration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = int(configuration.redirect_url.split(":")[2].partition("/")[0])
    with tls_in_front_of(inside, tmp_path) as (port, _):
        address = f"https://localhost:{port}/redirect"
        monkeypatch.setenv("WEBEX_REDIRECT_URL", address)
        assert file_doctor.line("redirect address").startswith(f"error: the certificate of {address}")
