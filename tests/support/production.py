"""Runs the commands of examples/production/Procfile as processes, and reads their logs."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from typing_extensions import Self

WAIT = 90.0  # maximum wait for anything, in seconds: all processes share a machine
FOLDER = Path(__file__).parent.parent.parent / "examples" / "production"


def procfile() -> dict[str, str]:
    """The commands of the Procfile by the names of their processes."""
    lines = (FOLDER / "Procfile").read_text(encoding="utf-8").splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


#: what can be run: the processes of the Procfile, and what one process does alone
COMMANDS = {**procfile(), "one": "python one_process.py"}


class Program:
    """A process; it is stopped at the end of a ``with`` block.

    Args:
        command: its command line
        settings: its environment, except for PATH
        folder: its working directory

    Attributes:
        log: what it has printed so far
    """

    def __init__(self, command: list[str], settings: Mapping[str, str], folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where its programs are
        self.process = subprocess.Popen(
            command, cwd=folder, env={**settings, "PATH": path}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.log = ""
        self._silent = False
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                with self._told:
                    self.log += line
                    self._told.notify_all()
        with self._told:
            self._silent = True
            self._told.notify_all()

    def lines_with(self, words: str) -> list[str]:
        """What it has printed about something so far."""
        return [line for line in self.log.splitlines() if words in line]

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Wait until a pattern has been found so many times in the log."""
        self._wait(lambda: len(re.findall(pattern, self.log)) >= times, f"{times} times: {pattern}")

    def _wait(self, happened: Callable[[], bool], what: str) -> None:
        with self._told:
            self._told.wait_for(lambda: self._silent or happened(), WAIT)
            assert happened(), f"waited for {what}; but:\n{self.log}"

    def stop(self, timeout: float = WAIT) -> int:
        """Send SIGTERM, and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(timeout)

    def ended(self, timeout: float = WAIT) -> int:
        """Wait until it has ended and its log is complete, and return the exit status."""
        status = self.process.wait(timeout)
        self._reader.join(timeout)
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.ended()
        print(self.log)  # pytest shows it where the test fails


class Running(Program):
    """A process of the example.

    Args:
        name: its name in the Procfile, or ``one``
        settings: its environment, except for PATH
        more: further arguments of its command
    """

    def __init__(self, name: str, settings: Mapping[str, str], *more: str) -> None:
        super().__init__([*shlex.split(COMMANDS[name]), *more], settings, FOLDER)


class Gunicorn(Running):
    """The web process: gunicorn's master process and its workers."""

    def __init__(self, settings: Mapping[str, str], *more: str) -> None:
        super().__init__("web", settings, *more)

    def workers(self) -> set[int]:
        """Process ids of the workers that are alive."""
        booted = re.findall(r"Booting worker with pid: (\d+)", self.log)
        return {pid for pid in map(int, booted) if _lives(pid)}

    def wait_for_workers(self, count: int, *, besides: Collection[int] = ()) -> set[int]:
        """Wait until so many workers are alive besides some; return their process ids."""
        self._wait(lambda: len(self.workers().difference(besides)) >= count, f"{count} workers")
        return self.workers().difference(besides)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
