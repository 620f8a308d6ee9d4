"""Writes to the YAML file that fail, are killed, or come from several processes at once."""

from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from webex_bot_auth import UserContext
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.stores import yaml_file
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.sample_contexts import context


@pytest.mark.parametrize("new", [context("alice", "new"), None], ids=["changed", "dropped"])
def test_after_a_write_that_failed_the_user_is_as_before(
    tokens_path: Path, file_contexts: Contexts, monkeypatch: pytest.MonkeyPatch, new: UserContext | None
) -> None:
    for user_id in ("alice", "bob"):
        file_contexts.save(user_id, context(user_id))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", mock.Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(StoreUnavailable):
            file_contexts.save("alice", new)
    assert file_contexts.load("alice") == context("alice")
    file_contexts.save("carol", context("carol"))
    again = Contexts(YAMLUserStore(str(tokens_path)), Records())
    assert again.load("alice") == context("alice")
    assert sorted(again.users()) == ["alice", "bob", "carol"]


def test_a_write_that_is_interrupted_after_it_was_done_is_seen(
    tokens_path: Path, file_contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_contexts.save("alice", context("alice"))
    with monkeypatch.context() as interrupted:
        interrupted.setattr(os, "fsync", mock.Mock(side_effect=[None, KeyboardInterrupt]))  # file, folder
        with pytest.raises(KeyboardInterrupt):
            file_contexts.save("alice", None)
    assert file_contexts.load("alice") is None
    file_contexts.save("bob", context("bob"))
    assert list(Contexts(YAMLUserStore(str(tokens_path)), Records()).users()) == ["bob"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_a_clear_error_and_loses_nothing(
    tokens_path: Path, file_contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_contexts.save("alice", context("alice"))
    before = tokens_path.read_bytes()
    really_open = os.open

    def open_full(name: Any, flags: int, *mode: int) -> int:
        """Open the new file on a disk that is full."""
        if str(name).endswith(".new"):
            really_close = really_open(name, flags, *mode)
            os.close(really_close)
            return really_open("/dev/full", os.O_WRONLY)
        return really_open(name, flags, *mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", open_full)
        with pytest.raises(StoreUnavailable, match=os.strerror(errno.ENOSPC)):
            file_contexts.save("bob", context("bob"))
    assert tokens_path.read_bytes() == before
    assert file_contexts.load("alice") == context("alice")
    assert file_contexts.load("bob") is None
    assert not list(tokens_path.parent.glob("*.new"))
    file_contexts.save("bob", context("bob"))
    assert file_contexts.load("bob") == context("bob")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs a list of open files")
def test_many_writes_leave_no_more_files_open_than_one(tokens_path: Path) -> None:
    file = Contexts(YAMLUserStore(str(tokens_path)), Records())
    file.save("alice", context("alice"))
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        file.save(f"user {number}", context(f"user {number}"))
    assert len(os.listdir("/proc/self/fd")) < before + 10


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs a list of open files")
def test_where_open_files_cannot_be_replaced_none_is_open(
    tokens_path: Path, file_contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, which refuses to replace a file that is open, or to rename one."""
    monkeypatch.setattr("webex_bot_auth.stores.private_file.OPEN_FILES_CAN_BE_REPLACED", False)
    really_replace, replaced = os.replace, []

    def replace(*paths: str) -> None:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
        opened = {Path(os.readlink(f"/proc/self/fd/{one}")) for one in descriptors if _is_open(one)}
        assert not opened & {Path(path).resolve() for path in paths}
        really_replace(*paths)
        replaced.append(paths)

    monkeypatch.setattr(os, "replace", replace)
    for number in range(3):
        file_contexts.save("alice", context("alice", f"access {number}"))
        assert file_contexts.load("alice") == context("alice", f"access {number}")
    other = Contexts(YAMLUserStore(str(tokens_path)), Records())
    assert other.load("alice") == context("alice", "access 2")
    other.save("bob", context("bob"))
    assert file_contexts.load("bob") == context("bob")
    assert len(replaced) == 4


def _is_open(descriptor: int) -> bool:
    """Not the one with which the folder was listed."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _write_200(path: str, prefix: str) -> None:
    yaml_file.LOCK_SECONDS = 120.0  # turns are not fair: one process may wait for the whole other
    file = Contexts(YAMLUserStore(path), Records())
    for number in range(200):
        file.save(f"{prefix} {number}", context(f"{prefix} {number}"))


@pytest.mark.slow
@pytest.mark.holds(30)
def test_two_processes_writing_200_users_each_leave_400(tokens_path: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    workers = [
        processes.Process(target=_write_200, args=(str(tokens_path), prefix)) for prefix in ("left", "right")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    file = Contexts(YAMLUserStore(str(tokens_path)), Records())
    assert len(list(file.users())) == 400
    for user_id in file.users():
        assert file.load(user_id) == context(user_id)


KILLED_WRITERS = """
import os, random, signal, sys, threading
from webex_bot_auth.testing.sample_contexts import context
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.stores.yaml_file import YAMLUserStore
path, chance, number = sys.argv[1], random.Random(29), 0
for _ in range(100):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        file = Contexts(YAMLUserStore(path), Records())
        while True:
            file.save(f"user {number % 50}", context(f"user {number % 50}", f"access {number}"))
            os.write(writer, b"%d\\n" % number)
            number += 1
    os.close(writer)
    done = os.fdopen(reader)
    for _ in range(chance.randrange(1, 12)):
        number = int(done.readline())
        print(number, flush=True)
    threading.Event().wait(chance.random() * 0.003)  # somewhere within a write
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for line in done:
        number = int(line)
        print(number, flush=True)
    number += 1
    print("killed", flush=True)
"""


@pytest.mark.slow
@pytest.mark.holds(29)
def test_100_kills_while_it_is_written_lose_nobody(tokens_path: Path) -> None:
    """The writer prints what it has stored; after each SIGKILL all of that is in the file."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    acknowledged: dict[int, int] = {}
    kills = 0
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITERS, str(tokens_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as writers:
        assert writers.stdout
        for line in writers.stdout:
            if line == "killed\n":
                kills += 1
                _check(tokens_path, acknowledged)
            else:
                acknowledged[int(line) % 50] = int(line)
    assert (writers.returncode, kills, len(acknowledged)) == (0, 100, 50)


def _check(path: Path, acknowledged: dict[int, int]) -> None:
    data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    for user, number in acknowledged.items():
        assert int(data[f"user {user}"]["tokens"]["access_token"].split()[1]) >= number
