"""A sandbox that starts with what a file has."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from webex_bot_auth.sandbox import Sandbox, state_file
from webex_bot_auth.sandbox.__main__ import main

STATE = """
people:
  - {name: Alice Adams, admin: true, token: alices-token}
  - {name: Bob Brown, email: Bob@Example.com}
bots:
  - {name: Echo Bot, token: the-bots-token}
spaces:
  - {title: Team, people: [alice adams, bob@example.com, Echo Bot]}
integrations:
  - {redirect_url: "http://127.0.0.1:5000/redirect", scopes: spark:kms, client_id: C1, client_secret: sesame}
answers:
  - {path: /v1/telephony/calls, json: {items: []}}
  - {path: telephony/calls/dial, method: post, status: 201}
"""


def written(folder: Path, text: str) -> Path:
    """Write a file and return its path."""
    path = folder / "state.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_people_bots_spaces_and_integrations_are_there(cloud: Sandbox, tmp_path: Path) -> None:
    bot, integration = state_file.build(cloud, state_file.read(written(tmp_path, STATE)))
    alice, bob, _ = cloud.people()
    assert (alice.token, alice.is_admin, bob.email) == ("alices-token", True, "bob@example.com")
    assert (bot.token, integration.client_id, integration.client_secret) == ("the-bots-token", "C1", "sesame")
    headers = {"Authorization": f"Bearer {bot.token}"}
    rooms = requests.get(f"{cloud.url}/v1/rooms", headers=headers, timeout=30).json()["items"]
    assert [one["title"] for one in rooms] == ["Alice Adams", "Bob Brown", "Team"]
    answer = requests.get(f"{cloud.url}/v1/telephony/calls", headers=headers, timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"items": []})
    answer = requests.post(f"{cloud.url}/v1/telephony/calls/dial", headers=headers, timeout=30)
    assert (answer.status_code, answer.content) == (201, b"")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bots: []", "bots"),
        ("bots: [{name: A}]\npeeple: []", "peeple"),
        ("bots: [{name: A}]\npeople: [{name: B, admin: maybe}]", "people.0.admin"),
        ("bots: [{name: A}]\nspaces: [{title: T, people: [Nobody]}]", "the space T has Nobody"),
        ("bots: [{name: A, email: a@b.c}, {name: B, email: A@b.c}]", "A@b.c is taken"),
        ("bots: [{name: A}]\nanswers: [{path: /v1/x, status: 99}]", "answers.0.status"),
        ("bots: [", "is not YAML"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    assert main(["--port", "0", "--state", str(written(tmp_path, text))]) == 2
    assert says in capsys.readouterr().err


def test_the_command_takes_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "webex_bot_auth.sandbox", "--port", "0"]
    command += ["--state", str(written(tmp_path, STATE))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        printed = ""
        while "Ctrl+C" not in printed:
            line = program.stdout.readline()
            assert line
            printed += line
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=60)
    assert "the-bots-token" in printed
    assert program.returncode == 0
