"""What fails in a run: the store behind one address, Webex, and the processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from unittest import mock

import redis
from support.one_address import OneAddress
from support.redis_server import RedisServer
from support.waiting import wait_until

from webex_bot_auth.sandbox import Person, Sandbox

from .plan import Fault


class Store:
    """Two Redis servers behind one address: one takes writes, the other is its replica.

    Args:
        folder: for their data
    """

    def __init__(self, folder: Path) -> None:
        self._servers = []
        for name in ("one", "other"):
            (folder / name).mkdir(parents=True)
            self._servers.append(RedisServer(folder / name, repl_diskless_sync_delay="0"))

    def __enter__(self) -> Store:
        one, other = [server.start() for server in self._servers]
        other.client.replicaof("127.0.0.1", str(one.port))
        wait_until(lambda: other.client.info("replication")["master_link_status"] == "up", "a replica")
        self.address = OneAddress(one, other)
        self.address.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.address.close()
        for server in self._servers:
            if server.paused:
                server.resume()
            server.client.close()
            server.stop(signal.SIGKILL)

    @property
    def client(self) -> redis.Redis:
        """A client of the server that takes writes."""
        return self.address.old.client

    def fail(self, fault: Fault, closing: threading.Event) -> None:
        """Let a fault of the store last as long as is planned, or until the run is closed."""
        server = self.address.old
        if fault.kind == "store pauses":
            server.pause()
            closing.wait(fault.seconds)
            server.resume()
        elif fault.kind == "store is full":
            server.client.config_set("maxmemory", "1")
            closing.wait(fault.seconds)
            server.client.config_set("maxmemory", "0")
        else:
            self.address.fail_over()


class Dripping:
    """WSGI middleware: some answers of the sandbox come a few bytes at a time.

    Attributes:
        path: the beginning of the paths whose answers drip
        left: how many more do
        is_over: answers that drip still come at once from then on
    """

    def __init__(self) -> None:
        self._app: Any = None
        self._lock = threading.Lock()
        self.path, self.left = "", 0
        self.is_over = threading.Event()

    def __call__(self, app: Any) -> Callable[..., Iterable[bytes]]:
        self._app = app
        return self._answer

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._lock:
            drips = self.left > 0 and environ["PATH_INFO"].startswith(self.path)
            self.left -= drips
        answer = self._app(environ, start_response)
        return self._drip(answer) if drips else answer  # type: ignore[no-any-return]

    def _drip(self, answer: Iterable[bytes]) -> Iterator[bytes]:
        whole = b"".join(answer)
        for start in range(0, len(whole), 20):
            yield whole[start : start + 20]
            self.is_over.wait(0.1)


_starting = threading.Lock()


def _run_fork_server(module: str) -> None:
    """Run the process that has imported a module. Older Pythons do not tell it where modules are."""
    with _starting, mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        forkserver.set_forkserver_preload([module])
        forkserver.ensure_running()


class Process:
    """A process that is started again whenever it has ended.

    It is a copy of one that has done the imports, so that a start takes a moment.

    Args:
        main: what it runs
        arguments: of that
        log: where it writes
    """

    def __init__(self, main: Callable[..., None], arguments: tuple[Any, ...], log: Path) -> None:
        self.log = log
        self._context = multiprocessing.get_context("forkserver")
        _run_fork_server(main.__module__)
        self._main, self._arguments = main, arguments
        self._lock, self._closed = threading.Lock(), False
        self._start()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def _start(self) -> None:
        self._process = self._context.Process(target=self._main, args=(*self._arguments, self.log))
        self._process.start()

    def _keep(self) -> None:
        while True:
            self._process.join()
            with self._lock:
                if self._closed:
                    return
                self._start()

    def kill(self) -> None:
        """Kill it, without any chance to tidy up."""
        self._process.kill()

    def close(self) -> None:
        """Kill it for good."""
        with self._lock:
            self._closed = True
        self._process.kill()
        self._keeper.join()


def fail_webex(sandbox: Sandbox, dripping: Dripping, fault: Fault, closing: threading.Event) -> None:
    """Let some calls to a part of Webex fail, for some time at most, or until the run is closed."""
    if fault.kind == "drip":
        dripping.is_over.clear()
        dripping.path, dripping.left = fault.part, fault.times
        closing.wait(fault.seconds)
        dripping.left = 0
        dripping.is_over.set()
        return
    kinds: dict[str, dict[str, Any]] = {
        "429": {"status": 429, "retry_after": 1},
        "502": {"status": 502},
        "reset": {"reset": True},
    }
    with sandbox.faults.rest(fault.part, times=fault.times, **kinds[fault.kind]):
        closing.wait(fault.seconds)


def fail_websocket(sandbox: Sandbox, fault: Fault, closing: threading.Event) -> None:
    """Break the bot's connection, or deliver events twice, until the run is closed at the latest."""
    kind = "drop" if fault.kind == "websocket breaks" else "duplicate"
    times = 1 if kind == "drop" else fault.times
    with sandbox.faults.websocket(times=times, **{kind: True}):
        closing.wait(fault.seconds)


def revoke_a_token(
    people: list[Person], stored: Callable[[str], dict[str, Any] | None], sandbox: Sandbox, fault: Fault
) -> None:
    """Revoke the access token of a person who is logged in, and not the refresh token."""
    logged_in = [found for found in map(stored, [person.id for person in people]) if found]
    if logged_in:
        with contextlib.suppress(LookupError):
            sandbox.revoke(logged_in[int(fault.part) % len(logged_in)]["tokens"]["access_token"])
