"""Users' records in one YAML file: read when asked for, written in one step, shared with other processes."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache

from filelock import FileLock, Timeout

from ..errors import StoreUnavailable
from ..ground.forks import start_afresh_now_and_after_forks
from . import private_file
from .protocols import Record
from .yaml_lines import HEADER, line_of, record_in, split

#: maximum wait for another writer; seconds
LOCK_SECONDS = 10.0
#: records that are kept apart from their lines, of those that were read last
CACHED_RECORDS = 256
#: users share this many lock files for their refreshes; each is made when it is needed, and empty
REFRESH_LOCKS = 4096


class YAMLUserStore:
    """See :class:`~webex_bot_auth.stores.UserStore`.

    Args:
        path: path of the file; made with the first write
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lines: dict[str, bytes] = {}  # as they stand in the file, by user id
        self._record_in = lru_cache(maxsize=CACHED_RECORDS)(record_in)  # on the hot path
        self._version: private_file.Version | None = None
        self._open_file: int | None = None  # kept open, so that its inode is not given to a later version

        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._lock = threading.RLock()
        self._writing = threading.RLock()  # held while waiting for other processes; readers do not need it
        self._in_batch = False

    def __str__(self) -> str:
        return self.path

    def read(self, user_id: str) -> Record | None:
        """A user's record, as the file says now.

        Raises:
            StoreUnavailable: the file cannot be opened
            StoreUnreadable: it cannot be understood
        """
        if private_file.current_version(self.path) != self._version:
            with self._lock:
                self._load()
        line = self._lines.get(user_id)
        return None if line is None else self._record_in(line)

    def write(self, user_id: str, record: str | None) -> None:
        """Store or delete a user's record.

        Raises:
            StoreError: see :meth:`read`; the file is as it was then
        """
        with self._writing_alone():
            self._change(user_id, record)

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record where it is still ``old``."""
        with self._writing_alone():
            line = self._lines.get(user_id)
            found = None if line is None else record_in(line)
            if found != (old.encode() if isinstance(old, str) else old):
                return False
            self._change(user_id, new)
            return True

    def users(self) -> list[str]:
        """Ids of all users in the file."""
        with self._lock:
            self._load()
            return list(self._lines)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write the file once, at the end of the block."""
        with self._writing_alone():
            before, self._lines, self._in_batch = self._lines, dict(self._lines), True
            try:
                yield
                if self._lines != before:
                    self._replace_file(self._lines)
            except BaseException:
                self._version = None  # what was not written is forgotten
                raise
            finally:
                self._in_batch = False

    @contextmanager
    def refresh_lock(self, user_id: str, timeout: float) -> Iterator[bool]:
        """A lock file, which other processes on this machine respect; the system frees it if we die."""
        number = zlib.crc32(user_id.encode("utf-8", "surrogatepass")) % REFRESH_LOCKS
        folder = f"{self.path}.locks"
        with private_file.translate_os_errors(self.path):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            lock = _new_lock(os.path.join(folder, f"refresh-{number}"))
            with suppress(Timeout):
                lock.acquire(timeout=timeout)
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def close(self) -> None:
        with self._lock:
            self._keep_open(None)
            self._lines, self._version = {}, None
            self._record_in.cache_clear()

    def _load(self) -> None:
        """Read the file if it is another version than ours."""
        if self._in_batch or private_file.current_version(self.path) == self._version:
            return
        with private_file.translate_os_errors(self.path):
            opened = private_file.open_to_read(self.path)
            if opened is None:
                self._keep_open(None)
                self._lines, self._version = {}, None
                return
            try:
                version = private_file.version_of(os.fstat(opened))
                with open(opened, "rb", closefd=False) as file:
                    lines = split(file.read(), self.path)
            except BaseException:
                os.close(opened)
                raise
        self._keep_open(opened)
        self._lines, self._version = lines, version

    def _change(self, user_id: str, record: str | None) -> None:
        # a copy, as other threads read the lines while the file is written
        lines = self._lines if self._in_batch else dict(self._lines)
        if record is not None:
            lines[user_id] = line_of(user_id, record)
        elif lines.pop(user_id, None) is None:
            return
        if not self._in_batch:
            self._replace_file(lines)

    def _replace_file(self, lines: dict[str, bytes]) -> None:
        try:
            opened = private_file.replace(self.path, b"".join((HEADER, *lines.values())))
        except BaseException:
            self._version = None  # it may have been replaced all the same: it is read again
            raise
        self._record_in.cache_clear()  # tokens that are not needed any more are not kept in memory
        self._lines, self._version = lines, private_file.version_of(os.fstat(opened))
        self._keep_open(opened)

    def _keep_open(self, opened: int | None) -> None:
        if self._open_file is not None:
            os.close(self._open_file)
        if opened is not None and not private_file.OPEN_FILES_CAN_BE_REPLACED:
            os.close(opened)
            opened = None
        self._open_file = opened

    @contextmanager
    def _writing_alone(self) -> Iterator[None]:
        """Keep other writers away, threads first and then processes; the lines are those of the file now."""
        if not self._writing.acquire(timeout=LOCK_SECONDS):
            raise StoreUnavailable(self.path, "another thread has been writing it for too long")
        try:
            process_lock = nullcontext() if self._in_batch else _new_lock(f"{self.path}.lock")
            with private_file.translate_os_errors(self.path), process_lock, self._lock:
                self._load()
                yield
        finally:
            self._writing.release()


def _new_lock(path: str) -> FileLock:
    """A lock object for one use: one that was made before a fork could not be used after it."""
    private_file.make_private(path)
    return FileLock(path, timeout=LOCK_SECONDS, mode=0o600)
