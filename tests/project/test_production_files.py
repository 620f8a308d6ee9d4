"""The files of examples/production fit together: they name files that exist, and run the same commands."""

from __future__ import annotations

import configparser
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.production import FOLDER, procfile

from webex_bot_auth.chat import direct_messages
from webex_bot_auth.stores.redis import client as redis_client
from webex_bot_auth.webex import bounded_http, rest, token_endpoint

HOME = "/opt/webex-bot-auth"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
GUNICORN: dict[str, Any] = runpy.run_path(str(FOLDER / "gunicorn.conf.py"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def unit(name: str) -> dict[str, str]:
    """The settings of a service; of those that occur twice, the last one."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    assert parser.read(FOLDER / f"webex-bot-auth-{name}.service", encoding="utf-8")
    assert set(parser) == {"DEFAULT", "Unit", "Service", "Install"}
    return dict(parser["Service"])


def env_example() -> dict[str, str]:
    lines = (FOLDER / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("name", ["web", "bot"])
class TestOneCommandEverywhere:
    def test_in_systemd(self, name: str) -> None:
        service = unit(name)
        assert service["ExecStart"].replace(f"{HOME}/venv/bin/", "", 1) == procfile()[name]
        assert service["WorkingDirectory"] == HOME
        assert service["Restart"] == "always"
        assert service["DynamicUser"] == "yes"

    def test_in_compose(self, name: str, compose: dict[str, Any]) -> None:
        assert compose["services"][name]["command"] == procfile()[name]

    def test_its_files_exist_and_come_into_the_image(self, name: str) -> None:
        image = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
        copied = {
            word for line in re.findall(r"^COPY (.*) \./$", image, re.MULTILINE) for word in line.split()
        }
        files = {word for word in shlex.split(procfile()[name]) if word.endswith(".py")}
        assert files
        assert files <= copied
        assert all((FOLDER / file).is_file() for file in copied)
        assert {file.name for file in FOLDER.glob("*.py")} <= copied

    def test_there_is_time_for_logins_to_end(self, name: str, compose: dict[str, Any]) -> None:
        # the token endpoint, people/me and the message, with the Redis commands before and between them
        own = bounded_http.CONNECT_SECONDS + rest.OWN.total_seconds
        message = own + direct_messages.RATE_LIMIT_SECONDS
        login = token_endpoint.TOTAL_SECONDS + own + message + 4 * redis_client.ANSWER_SECONDS
        assert login <= GUNICORN["graceful_timeout"]
        assert GUNICORN["graceful_timeout"] < seconds(unit(name)["TimeoutStopSec"])
        assert GUNICORN["graceful_timeout"] < seconds(compose["services"][name]["stop_grace_period"])
        assert GUNICORN["timeout"] > token_endpoint.TOTAL_SECONDS


def test_compose_names_what_exists(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert ("image" in service) != ("build" in service)
        assert service.get("build", ".") == "."
        assert service.get("env_file", ".env") == ".env"  # a copy of env.example
        assert set(service.get("depends_on", {})) <= set(services)
        assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(compose["volumes"])
        assert service["restart"] == "unless-stopped"
    used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    assert used <= set(env_example())
    assert "appendonly yes" in services["redis"]["command"][2]


def test_the_example_settings_are_all_that_are_read_and_hold_no_secret() -> None:
    required = runpy.run_path(str(FOLDER / "settings.py"))["REQUIRED"]
    code = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.py", "bot.py", "web.py"))
    read = set(re.findall(r'settings\.\w+\("(\w+)"', code))
    assert read | {"REDIS_PASSWORD"} == set(env_example())
    assert set(required) <= read
    assert {name: value for name, value in env_example().items() if value} == {
        "WEBEX_SCOPES": "spark:people_read"
    }


def test_the_readme_names_files_and_numbers_that_exist() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (FOLDER / target).exists(), target
    numbers = re.findall(r"(\d+) workers . (\d+) threads", README)
    assert numbers == [(str(GUNICORN["workers"]), str(GUNICORN["threads"]))]
    installed = Path(re.findall(r"pip install -r (\S+)", README)[0])
    assert (FOLDER / installed).is_file()
    assert HOME in README
