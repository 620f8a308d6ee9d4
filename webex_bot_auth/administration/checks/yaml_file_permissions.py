"""Checks whether the YAML file can be written and is private; its content is not checked here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...stores.private_file import problem_of_place
from ..open_store import YAMLFile
from .check_result import CheckResult, error, ok
from .configuration import Configuration


def check_yaml_file(configuration: Configuration) -> Iterator[CheckResult]:
    """One result for the folder, and one for the file."""
    if isinstance(configuration.store, YAMLFile):
        path = configuration.store.path
        yield _folder(os.path.abspath(path))
        yield _file(path)


def _folder(path: str) -> CheckResult:
    if problem := problem_of_place(path):
        finding, _, fix = problem.rpartition(": ")
        return error("folder", finding, fix)
    return ok("folder", f"{os.path.dirname(path)} can be written")


def _file(path: Path) -> CheckResult:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ok("file", f"{path} will be created by the first login")
    except OSError as failure:
        return error("file", f"{path}: {failure.strerror}", "check the permissions of the folders above it")
    if stat.S_ISLNK(found.st_mode):
        return error(
            "file", f"{path} is a symbolic link, which is refused", "use the path of the file itself"
        )
    if not stat.S_ISREG(found.st_mode):
        return error("file", f"{path} is not a file", "use another path")
    permissions = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and permissions & 0o077:
        message = f"other users can read or write {path} ({permissions:04o})"
        return error("file", message, f"chmod 600 {path}")
    return ok("file", f"only its owner can read and write {path}")
