"""``python -m webex_bot_auth.sandbox``."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import requests
from werkzeug.wrappers import Response

from webex_bot_auth.sandbox.__main__ import main
from webex_bot_auth.sandbox.http.server import HttpServer


def test_prints_how_to_use_it_and_stops_on_ctrl_c() -> None:
    command = [sys.executable, "-m", "webex_bot_auth", "sandbox", "--port", "0"]
    command += ["--people", "Ann,Ben", "--bot", "Helper"]
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
        done = run("--port", port)
    assert done == (1, "", f"port {port} is in use; --port takes another, 0 any free one\n")


def run(*options: str) -> tuple[int, str, str]:
    """Run the program until it ends, in this process; return its exit status and what it prints."""
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as said:
        status = main(options)
    return status, printed.getvalue(), said.getvalue()


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Run a server that is no sandbox, and return its port."""
    server = HttpServer(Response(body), 0)
    server.start()
    try:
        yield str(server.port)
    finally:
        server.close()


@pytest.mark.holds(73)
def test_of_a_foreign_server_env_takes_over_known_names_alone_and_quotes_them() -> None:
    evil = {
        "WEBEX_BOT_TOKEN": "$(touch /tmp/owned); `id`; '\"",
        "WEBEX_SCOPES": "a\nrm -rf /",
        "PATH": "/evil",
        "x; id": "x",
        "WEBEX_API_URL": 17,
    }
    with answering(json.dumps(evil).encode()) as port:
        _, printed, _ = run("--env", "--port", port)
    shown = subprocess.run(
        ["sh", "-c", 'eval "$1"; printf %s "$WEBEX_BOT_TOKEN"', "sh", printed],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (shown.stdout, shown.stderr) == (evil["WEBEX_BOT_TOKEN"], "")
    names = [line.split("=")[0] for line in printed.splitlines()]
    assert names == ["export WEBEX_BOT_TOKEN", "export no_proxy", "export NO_PROXY"]


@pytest.mark.parametrize("body", [b"export WEBEX_BOT_TOKEN=$(id)", b"[1]", b"17", b"\xff"])
def test_what_is_no_sandbox_gives_no_settings(body: bytes) -> None:
    with answering(body) as port:
        done = run("--env", "--port", port)
    assert done == (1, "", f"no sandbox runs at port {port}: start one in another terminal\n")


def test_env_has_the_addresses_and_the_certificate_for_node() -> None:
    command = [sys.executable, "-m", "webex_bot_auth.sandbox", "--port", "0", "--tls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        printed = ""
        while "Ctrl+C" not in printed:
            printed += program.stdout.readline()
        url = re.search(r"Chat page +(\S+)", printed).group(1)
        certificate = Path(re.search(r"Certificate +(\S+)", printed).group(1))
        _, settings, _ = run("--env", "--port", url.rpartition(":")[2])
        content = certificate.read_text()
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=60)
    assert f"export HYDRA_SERVICE_URL={url}/v1\n" in settings
    assert f"export U2C_SERVICE_URL={url}/u2c/api/v1\n" in settings
    assert f"export NODE_EXTRA_CA_CERTS={certificate}\n" in settings
    assert content.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in content
    assert not certificate.exists()


def test_an_origin_that_is_none_is_a_sentence() -> None:
    said = "localhost:3000 is not an origin such as http://localhost:3000\n"
    assert run("--allow-origin", "localhost:3000") == (2, "", said)
