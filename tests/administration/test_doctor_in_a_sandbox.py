"""``webex-bot-auth sandbox``, and ``doctor`` with the variables that it sets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import free_port
from wxc_sdk.rest import RestSession

from webex_bot_auth.__main__ import main

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def hint() -> Iterator[str]:
    """Runs a sandbox; gives the line that it prints for other terminals."""
    command = [sys.executable, "-m", "webex_bot_auth", "sandbox", "--port", "0", "--bot", "Your Bot"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout
        lines = (line.strip() for line in running.stdout)
        yield next(line for line in lines if line.startswith("eval "))
        running.terminate()
        running.communicate()


def test_its_variables_are_all_that_doctor_needs(hint: str, tmp_path: Path) -> None:
    assert hint.startswith('eval "$(webex-bot-auth sandbox --port ')
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = f"{hint}\nwebex-bot-auth --yaml tokens doctor"
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    for expected in (
        "ok       settings: complete",
        "ok       scopes: spark:people_read spark:kms",
        "ok       bot token: belongs to the bot Your Bot",
        "ok       clock: same as Webex's",
        "ok       client id and secret: accepted by Webex",
    ):
        assert expected in lines
    wrong = [line for line in lines if line.startswith("error")]
    assert [line.split(":")[0] for line in wrong] == ["error    redirect address"], "no bot runs there"


def test_without_a_sandbox_there_is_a_sentence_and_nothing_to_evaluate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    assert main(["sandbox", "--env", "--port", str(port)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"no sandbox runs at port {port}: start one in another terminal\n"


@pytest.mark.parametrize("url", ["webexapis.com/v1", "http://example.com/v1"])
def test_an_api_address_that_cannot_be_right_is_used_by_no_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = RestSession.BASE
    monkeypatch.setenv("WEBEX_API_URL", url)
    assert main(["--yaml", str(tmp_path / "tokens"), "users"]) == 1
    assert "WEBEX_API_URL: " in capsys.readouterr().err
    assert main(["--yaml", str(tmp_path / "tokens"), "doctor"]) == 1
    assert "error    WEBEX_API_URL: " in capsys.readouterr().out
    assert before == RestSession.BASE
