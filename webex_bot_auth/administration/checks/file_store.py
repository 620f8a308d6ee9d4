"""The file of users: can it be written, and can nobody else read it? What is in it is another check's."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...user_context import YAMLTokenManager
from ..finding import Finding, ok, wrong
from .patient import Patient


def file(patient: Patient) -> Iterator[Finding]:
    """The folder, and the file where there is one."""
    if isinstance(patient.store, YAMLTokenManager):
        path = Path(patient.store.path)
        yield _folder(path.absolute().parent)
        yield _file(path)


def _folder(folder: Path) -> Finding:
    try:
        # tried, as rights are not all: disks are read-only or full
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"-")
            probe.flush()
    except FileNotFoundError:
        return wrong("folder", f"{folder} is not there, or takes no files", f"mkdir -p {folder}")
    except OSError as error:
        return wrong(
            "folder", f"{folder} cannot be written: {error.strerror}", "let the bot's user write there"
        )
    return ok("folder", f"{folder} can be written")


def _file(path: Path) -> Finding:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ok("file", f"{path} will be made with the first login")
    except OSError as error:
        return wrong("file", f"{path}: {error.strerror}", "look at the rights of the folders above")
    if stat.S_ISLNK(found.st_mode):
        return wrong("file", f"{path} is a symbolic link, which is refused", "name the file itself")
    if not stat.S_ISREG(found.st_mode):
        return wrong("file", f"{path} is not a file", "name another one")
    rights = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and rights & 0o077:
        return wrong("file", f"others can read or write {path} ({rights:04o})", f"chmod 600 {path}")
    return ok("file", f"{path} is for its owner alone")
