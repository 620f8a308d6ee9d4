"""``doctor`` as the tests call it, over a configuration in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from wxc_sdk.integration import Integration

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.__main__ import main
from webex_bot_auth.testing import WebexSandbox

from .makers import KEY
from .redis_server import RedisServer


class Doctor:
    """Runs ``doctor`` and reads its report.

    Args:
        store_arguments: the arguments that name the store
        capsys: pytest's fixture of that name
    """

    def __init__(self, store_arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.store_arguments = store_arguments
        self._capsys = capsys

    def lines(self, *options: str, errors: bool = False) -> list[str]:
        """The lines of the report without its summary.

        Args:
            options: further arguments
            errors: whether there has to be an error, which decides the exit status as well
        """
        assert main([*self.store_arguments, "doctor", *options]) == errors
        lines = self._capsys.readouterr().out.splitlines()
        assert errors == any(line.startswith("error") for line in lines)
        return lines[:-2]

    def line(self, subject: str) -> str:
        """The level and the text of one subject, as in "ok: 2 keys"."""
        self._capsys.readouterr()
        main([*self.store_arguments, "doctor"])
        lines = self._capsys.readouterr().out.splitlines()
        (line,) = (line for line in lines if line[9:].startswith(f"{subject}: "))
        return line[:9].rstrip() + line[9 + len(subject) :]


@pytest.fixture
def configuration(
    no_settings: None, cloud: WebexSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Integration:
    """Puts a correct configuration into the environment, with a redirect page that is served."""
    app, token = Flask("bot"), cloud.add_bot("Echo Bot").token
    made = cloud.integration(f"{cloud.serve(app)}/redirect", ["spark:people_read", "spark:rooms_read"])
    YAMLTokenManager(token, made, yml_base=str(tmp_path / "unused")).register_redirect(flask=app)
    for name, value in {
        "BOT_TOKEN": token,
        "CLIENT_ID": made.client_id,
        "CLIENT_SECRET": made.client_secret,
        "REDIRECT_URL": made.redirect_url,
        "SCOPES": " ".join(made.scopes),
        "AUTH_SERVICE": made.auth_service,
        "TOKEN_SERVICE": made.token_service,
        "BOT_AUTH_KEYS": KEY,
    }.items():
        monkeypatch.setenv(f"WEBEX_{name}", value)
    return made


@pytest.fixture
def file_doctor(configuration: Integration, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """``doctor`` over a YAML file."""
    return Doctor(["--yaml", str(tmp_path / "tokens")], capsys)


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that keeps what it is given; the test may reconfigure and stop it."""
    with RedisServer(tmp_path, appendonly="yes") as server:
        yield server


@pytest.fixture
def redis_doctor(
    configuration: Integration, durable_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    """``doctor`` over Redis."""
    return Doctor(["--redis-url", durable_server.url], capsys)


def lines_for_any_store(configuration: Integration) -> list[str]:
    """Lines about a correct configuration, whatever the store."""
    return [
        "ok       settings: complete",
        "ok       scopes: spark:people_read spark:rooms_read",
        "ok       bot token: belongs to the bot Echo Bot",
        "ok       clock: same as Webex's",
        "ok       client id and secret: accepted by Webex",
        "ok       registered redirect address: known to Webex",
        "ok       registered scopes: known to Webex",
        f"ok       redirect address: the redirect page answers at {configuration.redirect_url}",
    ]
