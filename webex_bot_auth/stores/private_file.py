"""A file for its owner alone: recognised when it has changed, and replaced in one step."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import StoreUnavailable

#: on Windows, a file is closed before it is replaced
OPEN_FILES_CAN_BE_REPLACED = os.name != "nt"

#: the file system's name for one version of a file: device, inode, time and size
Version = tuple[int, int, int, int]


@contextmanager
def translate_os_errors(path: str) -> Iterator[None]:
    """Turn the system's errors into :class:`StoreUnavailable`, with its reason."""
    try:
        yield
    except OSError as error:
        too_late = isinstance(error, TimeoutError)  # filelock's
        reason = "another process has been writing it for too long" if too_late else "cannot be used"
        raise StoreUnavailable(path, error.strerror or reason) from error


def version_of(found: os.stat_result) -> Version:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def current_version(path: str) -> Version | None:
    """The version that is there now; None: there is no file.

    Raises:
        StoreUnavailable: it is a symbolic link or no file, or cannot be reached
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:  # not by translate_os_errors(), as this is on the hot path
        raise StoreUnavailable(path, error.strerror or "cannot be reached") from error
    if stat.S_ISLNK(found.st_mode):
        raise StoreUnavailable(path, "is a symbolic link, which is refused: name the file itself")
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnavailable(path, "is not a file")
    return version_of(found)


def open_to_read(path: str) -> int | None:
    """A descriptor of the file; None: there is no file.

    Raises:
        OSError: it cannot be opened
    """
    with suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    return None


def replace(path: str, content: bytes) -> int:
    """Write a new file next to the old one, flush it to the disk, and rename it to the old one's name.

    Returns:
        an open descriptor of the new file

    Raises:
        OSError: the old file is as it was
    """
    new_path = f"{path}.{os.getpid()}.new"
    with suppress(FileNotFoundError):
        os.unlink(new_path)  # of a process with the same number that died
    opened = os.open(new_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _set_private(opened)
        with open(opened, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(opened)
        if not OPEN_FILES_CAN_BE_REPLACED:
            os.close(opened)
            opened = -1
        os.replace(new_path, path)
    except BaseException:
        if opened >= 0:
            os.close(opened)
        with suppress(FileNotFoundError):
            os.unlink(new_path)
        raise
    _sync_folder(path)
    return opened if opened >= 0 else os.open(path, os.O_RDONLY)


def make_private(path: str) -> None:
    """Create an empty file for its owner alone, unless there is one."""
    with suppress(FileExistsError):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _set_private(opened)
        finally:
            os.close(opened)


def _set_private(opened: int) -> None:
    """For its owner alone, whatever the umask: it may have taken the owner's rights away."""
    if hasattr(os, "fchmod"):
        os.fchmod(opened, 0o600)


def _sync_folder(path: str) -> None:
    """Flush the new name to the disk as well, on systems where a folder can be opened."""
    with suppress(OSError):
        folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
