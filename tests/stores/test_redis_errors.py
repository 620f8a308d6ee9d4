"""What an operator is told where Redis cannot be used: the server, and the reason."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from support.redis_server import RedisServer, free_port
from support.tls import tls_in_front_of

from webex_bot_auth.errors import SettingError, StoreUnavailable
from webex_bot_auth.stores.redis.client import Client, connect
from webex_bot_auth.stores.redis.errors import translate_redis_errors

#: redis-py 5.0 leaves the socket of a connection that failed to be collected
redis_py_leaves_sockets = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def reason(client: Client) -> str:
    """Return what the error of a command says."""
    with pytest.raises(StoreUnavailable) as caught, translate_redis_errors("the-key"):
        client.get("a")
    return str(caught.value).removeprefix("the-key: ")


def test_a_server_that_refuses_is_named() -> None:
    port = free_port()
    for host in ("127.0.0.1", "localhost"):
        assert re.fullmatch(
            rf"Redis cannot be reached \({host}:{port}: .*[Cc]onnection refused\)",
            reason(connect(None, f"redis://user:secret@{host}:{port}/2")),
        )
    assert f"(::1:{port}: " in reason(connect(None, f"redis://[::1]:{port}"))


def test_a_host_that_does_not_exist_is_named() -> None:
    told = reason(connect("no-such-host.invalid", None))
    assert re.fullmatch(r"Redis cannot be reached \(no-such-host\.invalid:6379: .+\)", told)
    assert "not known" in told or "resolution" in told


@redis_py_leaves_sockets
def test_the_path_of_a_socket_is_named(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    assert (
        reason(connect(None, f"unix://{path}"))
        == f"Redis cannot be reached ({path}: No such file or directory)"
    )


def test_a_server_that_is_silent_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = reason(connect(None, f"redis://127.0.0.1:{port}?socket_timeout=0.1"))
    assert told == f"Redis does not answer in time (127.0.0.1:{port})"


@pytest.mark.holds(20)
@redis_py_leaves_sockets
@pytest.mark.parametrize(
    ("days", "trusted", "host", "told"),
    [
        ((-2, -1), True, "localhost", "certificate has expired"),
        ((1, 2), True, "localhost", "certificate is not yet valid"),
        ((-1, 1), True, "127.0.0.1", "is not valid for '127.0.0.1'"),
        ((-1, 1), False, "localhost", "self.signed certificate"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    redis_server: RedisServer, tmp_path: Path, days: tuple[int, int], trusted: bool, host: str, told: str
) -> None:
    with tls_in_front_of(redis_server.port, tmp_path, days=days) as (port, certificate):
        query = "socket_connect_timeout=30&socket_timeout=30"  # the handshake is work for both sides
        query += f"&ssl_ca_certs={certificate}" if trusted else ""
        said = reason(connect(None, f"rediss://{host}:{port}/0?{query}"))
    assert said.startswith(f"the certificate of Redis is refused ({host}:{port}: ")
    assert re.search(told, said)


@pytest.mark.holds(17)
@pytest.mark.parametrize(
    "password", ["p/ss", "/", "12/ss", "p/s@s", "p#ss", "#", "1?ss", "p?ss", "1#2", "[", "p]ss", "a/b?c#d"]
)
@pytest.mark.parametrize("user", ["", "user"])
@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys"])
def test_a_password_that_is_not_percent_encoded_is_named_and_not_shown(
    password: str, user: str, scheme: str
) -> None:
    with pytest.raises(SettingError, match=r"redis_url: .*percent-encode the password") as caught:
        connect(None, f"{scheme}://{user}:{password}@redis.example:6379/0")
    assert "ss" not in str(caught.value).replace("password", "")
    client = connect(None, f"{scheme}://{user}:{quote(password, safe='')}@redis.example:6379/3")
    options = client.connection_pool.connection_kwargs
    assert (options["host"], options["password"], options["db"]) == ("redis.example", password, 3)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:p@ss@redis.example:1/0", {"host": "redis.example", "password": "p@ss"}),
        ("redis://redis.example?client_name=bot@example.com", {"client_name": "bot@example.com"}),
        ("unix://user:pass@/var/run/redis@2.sock", {"path": "/var/run/redis@2.sock", "password": "pass"}),
        ("valkey://redis.example:7", {"host": "redis.example", "port": 7}),
        ("VALKEY://redis.example", {"host": "redis.example"}),
        ("valkeys://redis.example", {"host": "redis.example", "ssl_check_hostname": True}),
        ("rediss://redis.example?ssl_check_hostname=no", {"ssl_check_hostname": False}),
        ("redis://", {}),
    ],
)
def test_what_is_correct_is_taken_as_it_is(url: str, expected: dict[str, object]) -> None:
    options = connect(None, url).connection_pool.connection_kwargs
    assert {name: options[name] for name in expected} == expected
