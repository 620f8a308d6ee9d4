"""The YAML file on disk: its format, its rights, and what happens when things go wrong with it."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from support.makers import Make
from wxc_sdk.integration import Integration

from webex_bot_auth import UserContext
from webex_bot_auth.errors import StoreUnavailable, StoreUnreadable
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.user_context import user_file
from webex_bot_auth.user_context.records import Records
from webex_bot_auth.user_context.user_file import UserFile
from webex_bot_auth.user_context.user_lines import HEADER

EARLIER = """\
Y2lzY29z:
  tokens:
    access_token: old access
    expires_at: '2031-01-01T00:00:00+00:00'
    expires_in: 1209599
    refresh_token: old refresh
    refresh_token_expires_at: 2031-01-01 00:00:00
    scope: spark:people_read spark:kms
    token_type: Bearer
  user_id: Y2lzY29z
'other: user':
  user_id: 'other: user'
  tokens: {access_token: other access}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.yml"


@pytest.fixture
def file(path: Path) -> UserFile:
    return UserFile(str(path), Records())


def test_the_name_is_the_base_with_yml(tmp_path: Path, yaml_manager: Make, integration: Integration) -> None:
    with yaml_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert (tmp_path / "tokens.yml").exists()


def test_it_is_yaml_of_user_id_to_context(path: Path, file: UserFile) -> None:
    for user_id in ("alice", 'b"o:b\n\u2028🎉'):
        file.write(user_id, context(user_id))
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {user_id: UserContext.model_validate(record) for user_id, record in data.items()} == {
        user_id: context(user_id) for user_id in data
    }
    assert list(data) == ["alice", 'b"o:b\n\u2028🎉']


def test_what_earlier_installations_wrote_is_read_and_kept(path: Path, file: UserFile) -> None:
    path.write_text(EARLIER)
    old = file.read("Y2lzY29z")
    assert old
    assert (old.tokens.access_token, old.tokens.refresh_token) == ("old access", "old refresh")
    file.write("alice", context("alice"))
    again = UserFile(str(path), Records())
    assert again.read("Y2lzY29z") == old
    assert again.users() == ["Y2lzY29z", "other: user", "alice"]


@pytest.mark.holds(18)
def test_it_is_for_its_owner_alone_whatever_the_umask(path: Path, file: UserFile) -> None:
    before = os.umask(0)
    try:
        file.write("alice", context("alice"))
        os.chmod(path, 0o644)
        file.write("bob", context("bob"))
    finally:
        os.umask(before)
    for made in path.parent.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600, made


@pytest.mark.holds(18)
@pytest.mark.parametrize("broken", [False, True])
def test_a_symbolic_link_in_its_place_is_refused(path: Path, file: UserFile, broken: bool) -> None:
    target = path.parent / "target"
    if not broken:
        target.write_text("kept")
    path.symlink_to(target)
    for act in (lambda: file.read("alice"), lambda: file.write("alice", context("alice"))):
        with pytest.raises(StoreUnavailable, match="symbolic link"):
            act()
    assert target.exists() is not broken
    assert path.is_symlink()


@pytest.mark.holds(31)
@pytest.mark.parametrize(
    "content",
    [
        "a: [",
        "words",
        "- a\n- list",
        "a: \t{",
        "\x00\x01",
        "\xff\xfe\xfa",
        "a: !!python/object:os.system {}",
        "a: 2031-99-99",
        "[" * 5000,
    ],
)
def test_a_corrupt_file_is_a_clear_error_and_is_not_overwritten(
    path: Path, file: UserFile, content: str
) -> None:
    path.write_bytes(content.encode("latin1"))
    for act in (lambda: file.read("alice"), lambda: file.write("alice", context("alice"))):
        with pytest.raises(StoreUnreadable, match=r"tokens\.yml") as caught:
            act()
        assert caught.value.place.startswith(str(path))
    assert path.read_bytes() == content.encode("latin1")


@pytest.mark.holds(31)
def test_a_corrupt_record_stops_its_user_and_no_other(path: Path, file: UserFile) -> None:
    for user_id in ("alice", "bob", "carol"):
        file.write(user_id, context(user_id))
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][: len(lines[2]) // 2]  # cut off, as an editor or a full disk does
    path.write_bytes(b"\n".join(lines))
    for _ in range(2):
        assert file.read("alice") == context("alice")
        assert file.read("carol") == context("carol")
        with pytest.raises(StoreUnreadable, match="bob"):
            file.read("bob")
        file.write("dave", context("dave"))
    assert lines[2] in path.read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        '"bob": {"user_id": "bob", "tokens": {"access_token": "b"}}  # a comment',
        '"bob": {user_id: bob, tokens: {access_token: b}}',
        '"bob": {"user_id": "bob",\n  "tokens": {"access_token": "b"}}',
        '"bob":\n  user_id: bob\n  tokens: {access_token: b}',
        "bob: {user_id: bob, tokens: {access_token: b}}",
    ],
)
def test_what_hands_wrote_below_our_header_is_read(path: Path, file: UserFile, line: str) -> None:
    file.write("alice", context("alice"))
    path.write_text(f"{path.read_text()}{line}\n")
    assert file.read("alice") == context("alice")
    bob = file.read("bob")
    assert bob
    assert bob.tokens.access_token == "b"
    file.write("carol", context("carol"))
    assert UserFile(str(path), Records()).users() == ["alice", "bob", "carol"]


@pytest.mark.parametrize("new", [context("alice", "new"), None], ids=["changed", "dropped"])
def test_after_a_write_that_failed_the_user_is_as_before(
    path: Path, file: UserFile, monkeypatch: pytest.MonkeyPatch, new: UserContext | None
) -> None:
    for user_id in ("alice", "bob"):
        file.write(user_id, context(user_id))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", mock.Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(StoreUnavailable):
            file.write("alice", new)
    assert file.read("alice") == context("alice")
    file.write("carol", context("carol"))
    again = UserFile(str(path), Records())
    assert again.read("alice") == context("alice")
    assert sorted(again.users()) == ["alice", "bob", "carol"]


def test_a_write_that_is_interrupted_after_it_was_done_is_seen(
    path: Path, file: UserFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write("alice", context("alice"))
    with monkeypatch.context() as interrupted:
        interrupted.setattr(user_file, "_sync_folder", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            file.write("alice", None)
    assert file.read("alice") is None
    file.write("bob", context("bob"))
    assert UserFile(str(path), Records()).users() == ["bob"]


def test_an_edit_by_hand_is_seen_at_once(path: Path, file: UserFile) -> None:
    file.write("alice", context("alice"))
    assert file.read("alice")
    path.write_bytes(HEADER + b"\n# a remark\n" + EARLIER.encode())
    assert file.read("alice") is None
    assert file.read("other: user")
    path.unlink()
    assert file.read("other: user") is None


def test_a_record_of_another_user_is_refused(path: Path, file: UserFile) -> None:
    file.write("alice", context("alice"))
    path.write_bytes(path.read_bytes().replace(b'"alice": ', b'"mallory": '))
    with pytest.raises(StoreUnreadable, match="belongs to another user"):
        file.read("mallory")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_a_clear_error_and_loses_nothing(
    path: Path, file: UserFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write("alice", context("alice"))
    before = path.read_bytes()
    really_open = os.open

    def open_full(name: Any, flags: int, *mode: int) -> int:
        """The new file lies on a disk that is full."""
        if str(name).endswith(".new"):
            really_close = really_open(name, flags, *mode)
            os.close(really_close)
            return really_open("/dev/full", os.O_WRONLY)
        return really_open(name, flags, *mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", open_full)
        with pytest.raises(StoreUnavailable, match=os.strerror(errno.ENOSPC)):
            file.write("bob", context("bob"))
    assert path.read_bytes() == before
    assert file.read("alice") == context("alice")
    assert file.read("bob") is None
    assert not list(path.parent.glob("*.new"))
    file.write("bob", context("bob"))
    assert file.read("bob") == context("bob")


AS_NOBODY = """
import os, sys
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.user_context import user_file
from webex_bot_auth.user_context.records import Records
from webex_bot_auth.user_context.user_file import UserFile
os.umask(0)
file = UserFile(sys.argv[1], Records())
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
for act in (lambda: file.read("alice"), lambda: file.write("bob", context("bob"))):
    try:
        print("done", act() is not None)
    except StoreUnavailable as error:
        print(error)
"""


def as_nobody(path: Path) -> list[str]:
    """What somebody without any rights gets, for a read and a write."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.splitlines()


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that everybody can reach; pytest's own are for the user who runs it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_read_only_folder_is_a_clear_error_and_reading_goes_on(open_folder: Path) -> None:
    path = open_folder / "tokens.yml"
    UserFile(str(path), Records()).write("alice", context("alice"))
    path.chmod(0o644)
    before = path.read_bytes()
    open_folder.chmod(0o555)
    read, write = as_nobody(path)
    assert read == "done True"
    assert write == f"{path}: Permission denied"
    open_folder.chmod(0o755)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_another_owner_is_a_clear_error(open_folder: Path) -> None:
    path = open_folder / "tokens.yml"
    UserFile(str(path), Records()).write("alice", context("alice"))
    open_folder.chmod(0o777)
    before = path.read_bytes()
    assert as_nobody(path) == [f"{path}: Permission denied"] * 2
    assert path.read_bytes() == before


def _write_200(path: str, who: str) -> None:
    file = UserFile(path, Records())
    for number in range(200):
        file.write(f"{who} {number}", context(f"{who} {number}"))


@pytest.mark.holds(30)
def test_two_processes_writing_200_users_each_leave_400(path: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    workers = [processes.Process(target=_write_200, args=(str(path), who)) for who in ("left", "right")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    file = UserFile(str(path), Records())
    assert len(file.users()) == 400
    for user_id in file.users():
        assert file.read(user_id) == context(user_id)


KILLED_WRITERS = """
import os, random, signal, sys, threading
from webex_bot_auth.testing.made_up import context
from webex_bot_auth.user_context import user_file
from webex_bot_auth.user_context.records import Records
from webex_bot_auth.user_context.user_file import UserFile
path, chance, number = sys.argv[1], random.Random(29), 0
for _ in range(100):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        file = UserFile(path, Records())
        while True:
            file.write(f"user {number % 50}", context(f"user {number % 50}", f"access {number}"))
            os.write(writer, b"%d\\n" % number)
            number += 1
    os.close(writer)
    done = os.fdopen(reader)
    for _ in range(chance.randrange(1, 60)):
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


@pytest.mark.holds(29)
def test_100_kills_while_it_is_written_lose_nobody(path: Path) -> None:
    """The writer says what it has stored; after each kill -9 all of that is there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    acknowledged: dict[int, int] = {}
    kills = 0
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITERS, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as writers:
        assert writers.stdout
        for line in writers.stdout:
            if line == "killed\n":
                kills += 1
                _check(path, acknowledged)
            else:
                acknowledged[int(line) % 50] = int(line)
    assert (writers.returncode, kills, len(acknowledged)) == (0, 100, 50)


def _check(path: Path, acknowledged: dict[int, int]) -> None:
    data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    for user, number in acknowledged.items():
        assert int(data[f"user {user}"]["tokens"]["access_token"].split()[1]) >= number
