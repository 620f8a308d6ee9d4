"""The file of users: read lazily, written atomically, shared with other processes."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from ..errors import StoreUnavailable, StoreUnreadable
from .models import Renewal, UserContext
from .records import Records
from .user_lines import HEADER, line_of, record_in, split

#: so long a writer waits for another one, in seconds
LOCK_SECONDS = 10.0
#: bytes that are written at once; a file may have megabytes, which need not be put together first
BUFFER = 1 << 18

#: file system's name for one version of the file: device, inode, time and size
Version = tuple[int, int, int, int]


class UserFile:
    """Contexts in one file.

    :param path: path of the file; made with the first write
    :param records: how a context is written down
    """

    def __init__(self, path: str, records: Records) -> None:
        self.path = path
        self._records = records
        self._lock = threading.RLock()
        self._writing = threading.Lock()  # held while waiting for other processes; readers do not need it
        self._process_lock = FileLock(f"{path}.lock", timeout=LOCK_SECONDS, mode=0o600)
        self._lines: dict[str, bytes] = {}  # as they stand in the file, by user id
        self._contexts: dict[str, UserContext] = {}  # those of the lines that were asked for
        self._version: Version | None = None
        self._open_file: int | None = None  # kept open, so that its inode is not given to a later version

    def read(self, user_id: str) -> UserContext | None:
        """One user's context, as the file says now.

        :raises StoreUnavailable: the file cannot be opened
        :raises StoreUnreadable: it cannot be understood
        """
        if self._stat() != self._version:
            with self._lock:
                self._load()
        known = self._contexts.get(user_id)
        return known.copied() if known else self._parse(user_id)

    def users(self) -> list[str]:
        """Ids of all users in the file."""
        with self._lock:
            self._load()
            return list(self._lines)

    def write(
        self, user_id: str, context: UserContext | None, *, instead_of: UserContext | None = None
    ) -> bool:
        """Store one user's context, or drop it.

        :param instead_of: only where this one still stands
        :return: whether it was done
        :raises StoreError: see :meth:`read`; the file is as it was then
        """
        with self._held(), self._lock:
            self._load()
            if instead_of is not None and not instead_of.same_login(self._parse(user_id)):
                return False
            before = self._lines.pop(user_id, None)  # in place: a copy of a long file's lines takes its time
            try:
                if context is not None:
                    record = self._records.dump(context, bound_to=_bound_to(user_id))
                    self._lines[user_id] = line_of(user_id, record)
                elif before is None:
                    return True
                self._replace_file(self._lines)
            except BaseException:
                self._version = None  # the file may have been replaced by then: it is read again
                self._lines.pop(user_id, None)
                if before is not None:
                    self._lines[user_id] = before
                raise
            self._contexts.pop(user_id, None)
            return True

    def renew(self) -> Renewal:
        """Write every record as it would be written now, in one go; what cannot be read stays as it is."""
        with self._held(), self._lock:
            self._load()
            lines, unreadable = dict(self._lines), []
            for user_id, line in self._lines.items():
                try:
                    record = self._records.renewed(
                        UserContext, record_in(line), bound_to=_bound_to(user_id), place=self._place(user_id)
                    )
                except StoreUnreadable as error:
                    unreadable.append(error.place)
                else:
                    lines[user_id] = line_of(user_id, record) if record else line
            changed = sum(lines[user_id] != line for user_id, line in self._lines.items())
            if changed:
                self._replace_file(lines)
                self._lines = lines
            return Renewal(changed=changed, unreadable=unreadable)

    def close(self) -> None:
        with self._lock:
            self._keep_open(None)
            self._lines, self._contexts, self._version = {}, {}, None

    # -- reading

    def _parse(self, user_id: str) -> UserContext | None:
        with self._lock:
            line = self._lines.get(user_id)
            if line is None:
                return None
            place = self._place(user_id)
            context = self._records.load(
                UserContext, record_in(line), bound_to=_bound_to(user_id), place=place
            )
            if context.user_id != user_id:
                raise StoreUnreadable(place, "the record belongs to another user")
            self._contexts[user_id] = context
            return context.copied()

    def _place(self, user_id: str) -> str:
        return f"{self.path}, user {user_id}"

    def _stat(self) -> Version | None:
        """None: there is no file."""
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailable(self.path, error.strerror or "cannot be reached") from error
        if stat.S_ISLNK(found.st_mode):
            raise StoreUnavailable(self.path, "is a symbolic link, which is refused: name the file itself")
        if not stat.S_ISREG(found.st_mode):
            raise StoreUnavailable(self.path, "is not a file")
        return _version(found)

    def _load(self) -> None:
        """Read the file if it is another version than ours."""
        if self._stat() == self._version:
            return
        opened = self._open()
        if opened is None:
            self._keep_open(None)
            self._lines, self._contexts, self._version = {}, {}, None
            return
        try:
            version = _version(os.fstat(opened))
            with open(opened, "rb", closefd=False) as file:
                lines = split(file.read(), self.path)
        except (OSError, StoreUnreadable) as error:
            os.close(opened)
            if isinstance(error, OSError):
                raise StoreUnavailable(self.path, error.strerror or "cannot be read") from error
            raise
        self._keep_open(opened)
        self._lines, self._contexts = lines, {}
        self._version = version

    def _open(self) -> int | None:
        try:
            return os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailable(self.path, error.strerror or "cannot be opened") from error

    def _keep_open(self, opened: int | None) -> None:
        if self._open_file is not None:
            os.close(self._open_file)
        self._open_file = opened

    # -- writing

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=LOCK_SECONDS):
            raise StoreUnavailable(self.path, "other writers do not let go of it")
        try:
            _make_private(self._process_lock.lock_file)
            with self._process_lock:
                yield
        except Timeout as error:
            raise StoreUnavailable(self.path, "another process does not let go of it") from error
        except OSError as error:
            raise StoreUnavailable(self.path, error.strerror or "cannot be written") from error
        finally:
            self._writing.release()

    def _replace_file(self, lines: dict[str, bytes]) -> None:
        """Write a new file beside the old one, see it on the disk, and put it in the old one's place."""
        beside = f"{self.path}.{os.getpid()}.new"
        with suppress(FileNotFoundError):
            os.unlink(beside)  # of a process of the same number that died
        opened = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            _set_private(opened)
            with open(opened, "wb", buffering=BUFFER, closefd=False) as file:
                file.write(HEADER)
                file.writelines(lines.values())
            os.fsync(opened)
            os.replace(beside, self.path)
        except BaseException:
            os.close(opened)
            with suppress(FileNotFoundError):
                os.unlink(beside)
            raise
        self._version = _version(os.fstat(opened))
        self._keep_open(opened)
        _sync_folder(self.path)


def _set_private(opened: int) -> None:
    """For its owner alone, whatever the umask: it may have taken the owner's rights away."""
    if hasattr(os, "fchmod"):
        os.fchmod(opened, 0o600)


def _make_private(path: str) -> None:
    with suppress(FileExistsError):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _set_private(opened)
        finally:
            os.close(opened)


def _bound_to(user_id: str) -> str:
    return f"user:{user_id}"


def _version(found: os.stat_result) -> Version:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _sync_folder(path: str) -> None:
    """The new name is on the disk as well, on systems where a folder can be opened."""
    with suppress(OSError):
        folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
