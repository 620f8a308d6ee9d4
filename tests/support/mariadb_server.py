"""A real MariaDB server on a free port, where one is on PATH."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa

from .postgres_server import wait_for_start
from .redis_server import free_port

#: tests end the program and not the machine: no write waits for the disk
OPTIONS = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin")


class MariaDBServer:
    """A server with an empty database, for the length of a ``with`` block.

    Attributes:
        url: its URL, without a password
        engine: an engine of it
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
        self.port = free_port()
        self.url = f"mariadb+pymysql://bot@127.0.0.1:{self.port}/test"
        self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        self._place = ("--no-defaults", f"--datadir={self.folder / 'data'}", f"--tmpdir={self.folder}")
        install = ["mariadb-install-db", *self._place, "--auth-root-authentication-method=normal"]
        if hasattr(os, "geteuid") and not os.geteuid():
            self._place += ("--user=root",)
            install.append("--user=root")
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"

    def __enter__(self) -> MariaDBServer:
        begin = self.folder / "begin.sql"
        begin.write_text(
            "CREATE DATABASE IF NOT EXISTS test;\nCREATE USER bot;\nGRANT ALL ON test.* TO bot;\n"
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "mariadbd", *self._place, *OPTIONS, "--bind-address=127.0.0.1", f"--port={self.port}",
                    f"--socket={self.folder / 'socket'}", f"--init-file={begin}",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for_start(self._process, self.engine, self.folder / "log")
        return self

    def empty(self) -> None:
        """Drop all tables."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP DATABASE test")
            connection.exec_driver_sql("CREATE DATABASE test")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
