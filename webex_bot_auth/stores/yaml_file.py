"""Users' records in one YAML file: read when asked for, written in one step, shared with other processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from filelock import FileLock

from ..errors import StoreUnavailable
from . import private_file
from .protocols import Record
from .yaml_lines import HEADER, line_of, record_in, split

#: maximum wait for another writer; seconds
LOCK_SECONDS = 10.0
#: records that are kept apart from their lines, of those that were read last
CACHED_RECORDS = 256


class YAMLUserStore:
    """See :class:`~webex_bot_auth.stores.UserStore`.

    Args:
        path: path of the file, which is made with the first write; a relative one is resolved at once
        keep_private: whether reading the file takes away what other users may do with it

    Attributes:
        path: absolute path of the file
    """

    def __init__(self, path: str, *, keep_private: bool = True) -> None:
        self.path = os.path.abspath(path)
        self._keep_private = keep_private
        self._can_be_written = False  # not known yet
        self._lines: dict[str, bytes] = {}  # as they stand in the file, by user id
        self._record_in = lru_cache(maxsize=CACHED_RECORDS)(record_in)  # on the hot path
        self._version: private_file.Version | None = None
        self._open_file: int | None = None  # kept open, so that its inode is not given to a later version

        self._lock = threading.RLock()
        self._writing = threading.Lock()  # held while waiting for other processes; readers do not need it

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

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        """Store or delete a user's record where it is still ``old``."""
        with self._writing_alone():
            line = self._lines.get(user_id)
            found = None if line is None else record_in(line)
            if found != (old.encode() if isinstance(old, str) else old):
                return False
            lines = dict(self._lines)  # a copy, as other threads read the lines while the file is written
            if new is not None:
                lines[user_id] = line_of(user_id, new)
            elif lines.pop(user_id, None) is None:
                return True
            try:
                opened = private_file.replace(self.path, b"".join((HEADER, *lines.values())))
            except BaseException:
                self._version = None  # it may have been replaced all the same: it is read again
                raise
            self._record_in.cache_clear()  # tokens that are not needed any more are not kept in memory
            self._lines, self._version = lines, private_file.version_of(os.fstat(opened))
            self._keep_open(opened)
            return True

    def users(self) -> list[str]:
        """Ids of all users in the file."""
        with self._lock:
            self._load()
            return list(self._lines)

    def close(self) -> None:
        with self._lock:
            self._keep_open(None)
            self._lines, self._version = {}, None
            self._record_in.cache_clear()

    def _load(self) -> None:
        """Read the file if it is another version than ours."""
        if private_file.current_version(self.path) == self._version:
            return
        with private_file.translate_os_errors(self.path):
            opened = private_file.open_to_read(self.path)
            if opened is None:
                self._keep_open(None)
                self._lines, self._version = {}, None
                return
            try:
                version = private_file.version_of(os.fstat(opened))
                if self._keep_private:
                    private_file.keep_private(opened)
                with open(opened, "rb", closefd=False) as file:
                    lines = split(file.read(), self.path)
            except BaseException:
                os.close(opened)
                raise
        self._keep_open(opened)
        self._lines, self._version = lines, version

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
            if not self._can_be_written and (problem := private_file.problem_of_place(self.path)):
                raise StoreUnavailable(self.path, problem)
            self._can_be_written = True
            with private_file.translate_os_errors(self.path):
                # made for one use: a lock that was made before a fork could not be used after it
                lock_path = f"{self.path}.lock"
                private_file.make_private(lock_path, beside=self.path)
                process_lock = FileLock(lock_path, timeout=LOCK_SECONDS, mode=0o600)
                with process_lock, self._lock:
                    private_file.remove_leftovers(self.path)
                    self._load()
                    yield
        finally:
            self._writing.release()
