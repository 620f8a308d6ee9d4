"""A file for its owner alone: recognised when it has changed, and replaced in one step."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import StoreUnavailable

try:
    import fcntl
except ImportError:  # Windows, where every file system has locks
    fcntl = None  # type: ignore[assignment]

#: on Windows, a file is closed before it is replaced
OPEN_FILES_CAN_BE_REPLACED = os.name != "nt"

#: the file system's name for one version of a file: device, inode, time and size
Version = tuple[int, int, int, int]
#: Linux's list of what is mounted, with the mount point as the fifth of its columns
MOUNTS = "/proc/self/mountinfo"
#: on Windows, a file that another program has open cannot be replaced: waits before further tries, in seconds
WAITS = (0.01, 0.05, 0.1, 0.2, 0.4)


@contextmanager
def translate_os_errors(path: str) -> Iterator[None]:
    """Turn the system's errors into :class:`StoreUnavailable`, with its reason."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "cannot be used"
        if isinstance(error, TimeoutError) and not error.strerror:  # filelock's
            reason = problem_of_place(path) or "another process has been writing it for too long"
        elif error.errno == errno.EBUSY:
            reason += ": a single file that is mounted cannot be replaced, mount its folder"
        raise StoreUnavailable(path, reason) from error


def problem_of_place(path: str) -> str | None:
    """Return why the file could not be written there, whether or not there is one; None: it can be.

    Args:
        path: an absolute path
    """
    folder = os.path.dirname(path)
    try:
        # permissions do not show that a disk is read-only or full, or has no locks
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"-")
            probe.flush()
            try:
                if fcntl:
                    fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                return f"{folder} has no file locks ({error.strerror}): use a folder on another file system"
    except OSError as error:
        return (
            f"{folder} cannot be written ({error.strerror}): use another, or let the bot's user write there"
        )
    if _is_mounted(path):
        return f"{path} is mounted as a single file, which cannot be replaced: mount its folder"
    return None


def _is_mounted(path: str) -> bool:
    with suppress(OSError), open(MOUNTS, "rb") as mounts:
        escaped = re.sub(
            rb"[\\ \t\n]", lambda found: b"\\%03o" % ord(found[0]), os.fsencode(os.path.realpath(path))
        )
        return any(line.split(b" ")[4:5] == [escaped] for line in mounts)
    return False


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
    opened = os.open(new_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _hand_over(opened, path)
        with open(opened, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(opened)
        if not OPEN_FILES_CAN_BE_REPLACED:
            os.close(opened)
            opened = -1
        _rename(new_path, path)
    except BaseException:
        if opened >= 0:
            os.close(opened)
        with suppress(FileNotFoundError):
            os.unlink(new_path)
        raise
    _sync_folder(path)
    return opened if opened >= 0 else os.open(path, os.O_RDONLY)


def remove_leftovers(path: str) -> None:
    """Delete what processes that were killed within :func:`replace` have left; only under the file's lock."""
    folder, name = os.path.split(path)
    for found in os.listdir(folder):
        if re.fullmatch(re.escape(name) + r"\.[0-9]+\.new", found):
            with suppress(OSError):
                os.unlink(os.path.join(folder, found))


def make_private(path: str, *, beside: str) -> None:
    """Create an empty file for the owner of another file alone, unless there is one."""
    with suppress(FileExistsError):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _hand_over(opened, beside)
        finally:
            os.close(opened)


def keep_private(opened: int) -> None:
    """Take away what others may do with an open file, such as one that was restored from a backup."""
    if hasattr(os, "fchmod") and os.fstat(opened).st_mode & 0o077:
        with suppress(OSError):  # another user's
            os.fchmod(opened, 0o600)


def _hand_over(opened: int, path: str) -> None:
    """Make a new file private to the owner of what is there, or else of the folder.

    So the command line may be run as root. The umask may have taken the owner's rights away.
    """
    if not hasattr(os, "fchown"):
        return
    mine = os.fstat(opened)
    try:
        theirs, is_there = os.lstat(path), True
    except FileNotFoundError:
        theirs, is_there = os.stat(os.path.dirname(path)) if mine.st_uid == 0 else mine, False
    if (theirs.st_uid, theirs.st_gid) != (mine.st_uid, mine.st_gid):
        try:
            os.fchown(opened, theirs.st_uid, theirs.st_gid)
        except PermissionError:  # a group that is not ours does not matter
            if is_there and theirs.st_uid != mine.st_uid:
                problem = (
                    f"belongs to the user with the id {theirs.st_uid}, who would lose it: write it as that"
                )
                raise PermissionError(errno.EPERM, problem) from None
    os.fchmod(opened, 0o600)


def _rename(new_path: str, path: str) -> None:
    for wait in () if OPEN_FILES_CAN_BE_REPLACED else WAITS:
        with suppress(PermissionError):
            return os.replace(new_path, path)
        time.sleep(wait)
    return os.replace(new_path, path)


def _sync_folder(path: str) -> None:
    """Flush the new name to the disk as well, on systems where a folder can be opened."""
    with suppress(OSError):
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
