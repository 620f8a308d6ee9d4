"""The whole answer is there in time, or the call ends, whatever the server or a proxy does."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest
import requests
from support.connect_proxy import connect_proxy
from support.raw_server import RawServer, answer
from support.tls import tls_in_front_of
from support.waiting import wait_until

from webex_bot_auth.webex import deadlines
from webex_bot_auth.webex.bounded_http import Limits, let_use
from webex_bot_auth.webex.connections import Connections

#: the limit for each piece never ends a call here, only that for the whole
SHORT = Limits(read_seconds=60.0, total_seconds=0.4, max_bytes=1000)
STREAMED = Limits(read_seconds=60.0, total_seconds=0.4)
#: at once, again and again, seconds between two bytes
SILENT = (b"", b"x", 600.0)

pytestmark = [
    pytest.mark.holds(27, 37),
    pytest.mark.timeout(30),  # answers here never end: a call without a limit would not end either
]

MakeSession = Callable[..., requests.Session]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connections]:
    monkeypatch.setattr(deadlines, "PAUSE", 0.05)  # half a second, for each of the tests
    made = Connections()
    yield made
    made.close()


@pytest.fixture
def session(connections: Connections) -> Iterator[MakeSession]:
    def make(limits: Limits = SHORT) -> requests.Session:
        made = requests.Session()
        let_use(made, connections, limits)
        return made

    yield make
    wait_until(
        lambda: not any(one.name == "webex_bot_auth-deadlines" for one in threading.enumerate()),
        "no thread is left behind",
    )


HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS: dict[str, tuple[bytes, bytes, float]] = {
    "silence": SILENT,
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
    "headers of an interim answer": (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n", 0.05),
    "status line": (b"HTTP/1.1 ", b"2", 0.05),
    "header": (HEAD + b"X-Long: ", b"x", 0.05),
    "body with a length": (HEAD + b"Content-Length: 900\r\n\r\n", b"x", 0.05),
    "body that ends with the connection": (HEAD + b"\r\n", b"x", 0.05),
    "body of a connection that is to be closed": (
        HEAD + b"Connection: close\r\nContent-Length: 900\r\n\r\n", b"x", 0.05,
    ),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05),
    "size of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.05),
    "what follows the last chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.05,
    ),
}  # fmt: skip


def endless(at_once: bytes, again: bytes, pause: float) -> RawServer:
    return RawServer(at_once, cycle(again), pause)


@pytest.mark.parametrize("limits", [SHORT, STREAMED], ids=["limited", "not limited"])
@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_that_never_ends(session: MakeSession, kind: str, limits: Limits) -> None:
    with endless(*ENDLESS[kind]) as server:
        with pytest.raises(requests.Timeout):
            session(limits).get(server.url)
        assert len(server.requests) == 1  # what was cut off is not sent again


@pytest.mark.parametrize("kind", [kind for kind in ENDLESS if kind.startswith(("body", "chunks"))])
def test_an_answer_that_the_caller_reads(session: MakeSession, kind: str) -> None:
    """What was cut off never looks like a whole answer."""
    with endless(*ENDLESS[kind]) as server, pytest.raises(requests.RequestException):
        _ = session(STREAMED).get(server.url, stream=True).content


def test_an_answer_that_nobody_reads(session: MakeSession) -> None:
    with endless(*ENDLESS["body with a length"]) as server:
        answered = session(STREAMED).get(server.url, stream=True)
        # the fixture waits for the end of the thread
        assert answered.status_code == 200


def test_a_server_that_does_not_take_a_request(session: MakeSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(requests.RequestException):
            session().post(url, data=b"x" * 50_000_000)


def test_a_server_that_does_not_answer_tls(session: MakeSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(requests.RequestException):
            session().get(url, timeout=(0.3, 60.0))


#: urllib3 leaves the TLS socket of a handshake that failed behind a proxy
left_to_be_collected = pytest.mark.filterwarnings(
    "ignore:unclosed <ssl:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@left_to_be_collected
@pytest.mark.parametrize(
    "proxy",
    [SILENT, (HEAD, b"X: y\r\n", 0.05), (b"HTTP/1.1 ", b"2", 0.05)],
    ids=["silence", "headers", "status line"],
)
def test_a_proxy_that_does_not_open_a_tunnel(
    connections: Connections, session: MakeSession, proxy: tuple[bytes, bytes, float]
) -> None:
    with endless(*proxy) as server:
        connections.proxies = {"https": server.url.partition("/v1")[0]}
        with pytest.raises(requests.RequestException):
            session().get("https://webex.test/")
        assert [one.partition(b" HTTP")[0] for one in server.requests] == [b"CONNECT webex.test:443"]
    gc.collect()  # here, and in no other test


@left_to_be_collected
def test_tls_within_tls_that_never_gets_ready(
    connections: Connections, session: MakeSession, tmp_path: Path
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,  # never answers the second handshake
        connect_proxy() as proxy,
        tls_in_front_of(proxy.port, tmp_path) as (port, certificate),
    ):
        connections.proxies = {"https": f"https://localhost:{port}"}
        with pytest.raises(requests.RequestException):
            session().get(f"https://127.0.0.1:{server.getsockname()[1]}", verify=str(certificate))
        assert len(proxy.tunnels) == 1
        connections.close()
    gc.collect()


def test_fifty_calls_at_once_and_a_close(connections: Connections, session: MakeSession) -> None:
    def call(url: str) -> str:
        try:
            return str(session(Limits(60.0, 1.5, 1000)).get(url).status_code)
        except requests.Timeout:
            return "timeout"

    with (
        endless(*SILENT) as hanging,
        RawServer(answer(200, b"x")) as quick,
        ThreadPoolExecutor(50) as pool,
    ):
        answers = [pool.submit(call, url) for url in [hanging.url, quick.url] * 25]
        wait_until(lambda: len(hanging.requests) == 25, "all calls are under way")
        connections.close()
        assert [one.result() for one in answers] == ["timeout", "200"] * 25


def test_what_follows_an_interim_answer_is_no_answer_to_the_next_call(session: MakeSession) -> None:
    """http.client takes all of them, 100 apart, for the answer itself."""
    with RawServer(b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nlate", 0.01) as server:
        for _ in range(3):
            assert session().get(server.url).status_code == 103
        assert len(server.requests) == 3
