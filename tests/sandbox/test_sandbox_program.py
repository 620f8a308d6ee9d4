"""``python -m webex_bot_auth.sandbox``."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import requests


def test_prints_how_to_use_it_and_stops_on_ctrl_c() -> None:
    command = [
        sys.executable,
        "-m",
        "webex_bot_auth.sandbox",
        "--port",
        "0",
        "--people",
        "Ann,Ben",
        "--bot",
        "Helper",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        printed = ""
        while "Ctrl+C" not in printed:
            line = program.stdout.readline()
            assert line, program.stderr.read()
            printed += line
        url = re.search(r"Chat page +(\S+)", printed).group(1)
        token = re.search(r"Bot token +(\S+)", printed).group(1)
        me = requests.get(
            f"{url}/v1/people/me", headers={"Authorization": f"Bearer {token}"}, timeout=30
        ).json()
        program.send_signal(signal.SIGINT)
        rest, errors = program.communicate(timeout=60)
    assert me["displayName"] == "Helper"
    assert f'point_clients_at("{url}")' in printed
    assert (program.returncode, rest, errors) == (0, "", "")


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "webex_bot_auth", "sandbox", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = f"port {port} is in use; --port takes another, 0 any free one\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
