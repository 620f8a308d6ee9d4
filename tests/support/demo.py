"""``examples/*.py --sandbox``, as a developer starts and ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

EXAMPLES = Path(__file__).parents[2] / "examples"


class Demo:
    """The example, from its start in a ``with`` block to its end.

    Args:
        folder: the working directory
        settings: environment variables
        options: further arguments
        example: the file's name

    Attributes:
        url: the address that it prints
        introduction: the lines that it prints at its start
    """

    def __init__(
        self, folder: Path, settings: dict[str, str], *options: str, example: str = "echo_bot.py"
    ) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "SANDBOX_PORT": "0"}
        environment.pop("REDIS_URL", None)
        self._process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / example), "--sandbox", *options],
            cwd=folder, env={**environment, **settings}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # which what runs in the background ignores, and so would its children
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    def __enter__(self) -> Demo:
        assert self._process.stdout
        self.introduction: list[str] = []
        for line in self._process.stdout:
            self.introduction.append(line.rstrip())
            if "Ctrl+C" in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+", "\n".join(self.introduction))
        assert found, self.introduction
        self.url = found[0]
        return self

    def read_until(self, part: str) -> None:
        """Read on until a line contains this text."""
        assert self._process.stdout
        assert any(part in line for line in self._process.stdout), f"it ended without {part!r}"

    def end(self) -> tuple[int, list[str]]:
        """Press Ctrl+C; the exit status, and what was printed since the introduction, without empty lines."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> tuple[int, list[str]]:
        """Wait for its end by itself; see :meth:`end`."""
        printed, _ = self._process.communicate(timeout=60)
        return self._process.returncode, [line for line in printed.splitlines() if line]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.communicate()
