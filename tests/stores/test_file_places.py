"""Where the file of users lies: containers, other owners, systems without locks, what a kill has left."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from support.doctor import Doctor
from support.makers import KEY, Make
from wxc_sdk.integration import Integration

from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.__main__ import main
from webex_bot_auth.errors import SettingError, StoreUnavailable
from webex_bot_auth.stores import private_file
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.contract.user_stores import write
from webex_bot_auth.testing.sample_contexts import context

fcntl = pytest.importorskip("fcntl")
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
RECORD = '{"user_id": "alice", "tokens": {"access_token": "the-secret"}}'


@pytest.fixture
def store(tokens_path: Path) -> YAMLUserStore:
    return YAMLUserStore(str(tokens_path))


def secrets_beside(path: Path) -> list[str]:
    """Files of the folder that hold a token, other than the store's own."""
    return [
        one.name
        for one in path.parent.iterdir()
        if one != path and one.is_file() and b"secret" in one.read_bytes()
    ]


class TestLeftovers:
    """Temporary files of processes that were killed."""

    @pytest.fixture(autouse=True)
    def left_over(self, store: YAMLUserStore, tokens_path: Path) -> list[Path]:
        write(store, "alice", RECORD)
        left = [Path(f"{tokens_path}.{number}.new") for number in (1, os.getpid(), 4194304)]
        for one in left:
            one.write_text(RECORD)
        return left

    WRITES: dict[str, Callable[[YAMLUserStore], object]] = {  # noqa: RUF012 (nobody changes it)
        "write": lambda store: write(store, "bob", RECORD),
        "logout": lambda store: write(store, "alice", None),
        "logout of nobody": lambda store: write(store, "carol", None),
        "swap": lambda store: store.swap("alice", store.read("alice"), None),
        "swap that finds another record": lambda store: store.swap("alice", "{}", None),
    }

    @pytest.mark.parametrize("write", WRITES)
    @pytest.mark.holds(66)
    def test_are_gone_after_the_next_write(
        self, store: YAMLUserStore, tokens_path: Path, left_over: list[Path], write: str
    ) -> None:
        self.WRITES[write](store)
        assert not [one for one in left_over if one.exists()]
        assert secrets_beside(tokens_path) == []

    @pytest.mark.parametrize("command", [["rotate"], ["logout", "alice", "--force"]])
    def test_are_gone_after_the_command_line_has_written(
        self, tokens_path: Path, monkeypatch: pytest.MonkeyPatch, no_settings: None, command: list[str]
    ) -> None:
        monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
        assert main(["--yaml", str(tokens_path), *command]) == 0
        assert secrets_beside(tokens_path) == []

    def test_of_other_names_stay(self, store: YAMLUserStore, tokens_path: Path) -> None:
        others = [
            "other.yml.1.new",
            "tokens.yml.new",
            "tokens.yml.1.new.bak",
            "tokens-yml.1.new",
            "tokens.yml.x.new",
        ]
        for name in others:
            (tokens_path.parent / name).touch()
        (tokens_path.parent / "tokens.yml.7.new").mkdir()  # not ours
        write(store, "alice", None)
        assert all((tokens_path.parent / name).exists() for name in others)

    def test_a_link_in_their_place_is_removed_and_not_followed(
        self, store: YAMLUserStore, tokens_path: Path, left_over: list[Path]
    ) -> None:
        elsewhere = tokens_path.parent / "elsewhere"
        elsewhere.write_text("kept")
        for one in left_over:
            one.unlink()
            one.symlink_to(elsewhere)
        write(store, "alice", None)
        assert elsewhere.read_text() == "kept"


@pytest.fixture
def folder_of_a_bot() -> Iterator[Path]:
    """A folder that belongs to the bot's user and group, and that this user can reach."""
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, *BOT)
        yield Path(name)


BOT = 12345, 23456


def owners(folder: Path) -> set[tuple[int, int]]:
    return {(found.st_uid, found.st_gid) for found in map(os.lstat, [folder, *folder.iterdir()])}


@is_root
@pytest.mark.parametrize("there", ["nothing", "the file", "the file and its lock"])
@pytest.mark.parametrize("command", [["rotate"], ["logout", "alice", "--force"], ["users"], None])
@pytest.mark.holds(67)
def test_root_leaves_everything_to_its_owner(
    folder_of_a_bot: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_settings: None,
    there: str,
    command: list[str] | None,
) -> None:
    path = folder_of_a_bot / "tokens.yml"
    if there != "nothing":
        path.write_text(f"alice: {RECORD}")
    if there == "the file and its lock":
        Path(f"{path}.lock").touch(mode=0o600)
    for one in folder_of_a_bot.iterdir():
        os.chown(one, *BOT)
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", KEY)
    if command is None:
        write(YAMLUserStore(str(path)), "bob", RECORD)
    else:
        assert main(["--yaml", str(path), *command]) == (there == "nothing")
    assert owners(folder_of_a_bot) == {BOT}


@is_root
def test_the_owner_of_the_file_counts_more_than_that_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yml"
    path.touch()
    os.chown(path, *BOT)
    write(YAMLUserStore(str(path)), "alice", RECORD)
    assert {(one.stat().st_uid, one.stat().st_gid) for one in tmp_path.glob("tokens*")} == {BOT}


@is_root
def test_a_file_that_its_owner_would_lose_is_not_written(
    folder_of_a_bot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root of a container without the right to give files away."""
    monkeypatch.setattr(os, "fchown", mock.Mock(side_effect=PermissionError(errno.EPERM, "no")))
    path = folder_of_a_bot / "tokens.yml"
    write(YAMLUserStore(str(path)), "alice", RECORD)  # there was none: nobody loses anything
    os.chown(path, *BOT)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="the id 12345, who would lose it"):
        write(YAMLUserStore(str(path)), "bob", RECORD)
    assert path.read_bytes() == before


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO], ids=errno.errorcode.get)
def no_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As on a file system that does not lock files; gives the system's words for it."""
    reason = os.strerror(request.param)
    monkeypatch.setattr(fcntl, "flock", mock.Mock(side_effect=OSError(request.param, reason)))
    return f"has no file locks ({reason})"


class TestWithoutLocks:
    def test_a_manager_is_not_made(
        self, yaml_manager: Make, integration: Integration, no_locks: str, tmp_path: Path
    ) -> None:
        with pytest.raises(SettingError) as caught:
            yaml_manager("token", integration)
        assert str(caught.value).startswith(f"yml_base: {tmp_path} {no_locks}")
        assert not list(tmp_path.iterdir())

    @pytest.mark.holds(68)
    def test_a_write_names_the_reason_at_once(self, store: YAMLUserStore, no_locks: str) -> None:
        with pytest.raises(StoreUnavailable) as caught:
            store.swap("alice", None, RECORD)
        assert no_locks in str(caught.value)
        assert "another process" not in str(caught.value)

    @pytest.mark.parametrize("no_locks", [errno.ENOSYS], indirect=True)
    def test_doctor_says_so(self, file_doctor: Doctor, no_locks: str, tmp_path: Path) -> None:
        said = file_doctor.line("folder")
        assert said == f"error: {tmp_path} {no_locks}; use a folder on another file system"


def test_locks_that_are_gone_later_are_named(
    store: YAMLUserStore, tokens_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, "alice", RECORD)
    monkeypatch.setattr("webex_bot_auth.stores.yaml_file.LOCK_SECONDS", 0.01)
    monkeypatch.setattr(fcntl, "flock", mock.Mock(side_effect=OSError(errno.ENOLCK, "No locks available")))
    with pytest.raises(StoreUnavailable, match=r"has no file locks|No locks available"):
        write(store, "alice", None)


ONE_FILE = """
import sys
from webex_bot_auth import YAMLTokenManager
from webex_bot_auth.errors import SettingError
from webex_bot_auth.stores import private_file
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.__main__ import main
from wxc_sdk.integration import Integration
path = sys.argv[1]
try:
    integration = Integration(
        client_id="id", client_secret="s", scopes="spark:people_read", redirect_url="https://localhost/r"
    )
    YAMLTokenManager("token", integration, path)
except SettingError as error:
    print(error)
store = YAMLUserStore(path)
if len(sys.argv) > 2:
    private_file.problem_of_place = lambda path: None
try:
    store.swap("alice", None, "{}")
except Exception as error:
    print(error)
"""


def _may_mount() -> bool:
    """A container's root may be forbidden to."""
    tried = ["unshare", "-m", "mount", "--bind", "/", "/"]
    return bool(shutil.which("unshare")) and not subprocess.run(tried, capture_output=True).returncode


@pytest.mark.skipif(not _may_mount(), reason="needs the right to mount")
@pytest.mark.parametrize("name", ["tokens.yml", "the tokens\t\\1.yml"])
@pytest.mark.parametrize("other", [[], ["unseen"]])
@pytest.mark.holds(68)
def test_a_single_file_that_is_mounted_is_refused(tmp_path: Path, name: str, other: list[str]) -> None:
    """As with ``docker run -v ./tokens.yml:/bot/tokens.yml``."""
    outside, inside = tmp_path / "outside.yml", tmp_path / "bot" / name
    inside.parent.mkdir()
    for one in (outside, inside):
        one.touch()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "-", outside, inside,
         sys.executable, "-c", ONE_FILE, inside, *other],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True,
    )  # fmt: skip
    made, written = done.stdout.splitlines()
    assert (
        made == f"yml_base: {inside} is mounted as a single file, which cannot be replaced: mount its folder"
    )
    assert "mount its folder" in written
    assert outside.read_bytes() == b""


@pytest.mark.parametrize("name", ["tokens.yml", "the tokens\t\\1.yml", "tök\nens.yml"])
def test_the_system_s_list_of_mounts_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path, mounts = tmp_path / name, tmp_path / "mounts"
    escaped = (
        str(path).replace("\\", r"\134").replace(" ", r"\040").replace("\t", r"\011").replace("\n", r"\012")
    )
    mounts.write_text(
        f"43 1 254:0 / / rw - ext4 x rw\n63 43 254:0 /b {escaped} rw,relatime - ext4 /dev/vda rw\n"
    )
    monkeypatch.setattr(private_file, "MOUNTS", str(mounts))
    assert "mount its folder" in str(private_file.problem_of_place(str(path)))
    for other in (tmp_path / "b", Path(f"{path}.yml"), tmp_path / "tokens"):
        assert private_file.problem_of_place(str(other)) is None
    monkeypatch.setattr(private_file, "MOUNTS", str(tmp_path / "none"))
    assert private_file.problem_of_place(str(path)) is None


@pytest.mark.parametrize("base", ["tokens", "tokens.yml", "./tokens", "../made/tokens", "sub/../tokens"])
def test_a_relative_name_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, integration: Integration, base: str
) -> None:
    for name in ("made", "made/sub", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "made")
    with YAMLTokenManager("token", integration, base) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert manager.get_user_context(user_id="alice") == context("alice")
        manager.set_user_context(user_id="bob", user_context=context("bob"))
        assert manager.path == str(tmp_path / "made" / "tokens.yml")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.holds(18)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666, 0o602, 0o777, 0o610])
@pytest.mark.parametrize("look", [lambda store: store.read("alice"), lambda store: store.users()])
def test_a_file_that_others_may_read_is_private_after_a_look(
    store: YAMLUserStore, tokens_path: Path, mode: int, look: Callable[[YAMLUserStore], Any]
) -> None:
    write(store, "alice", RECORD)
    backup = tokens_path.read_bytes()
    tokens_path.unlink()
    tokens_path.write_bytes(backup)
    tokens_path.chmod(mode)
    assert look(store)
    assert stat.S_IMODE(tokens_path.stat().st_mode) & 0o077 == 0


class TestWindows:
    """There, a file that a reader or a scanner has open cannot be replaced for a moment."""

    @pytest.fixture
    def refusals(self, monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
        """Counts, and refuses as often as its ``side_effect`` says."""
        monkeypatch.setattr(private_file, "OPEN_FILES_CAN_BE_REPLACED", False)
        monkeypatch.setattr(private_file, "WAITS", (0.0,) * 5)
        refusing = mock.Mock()
        really = os.replace

        def replace(*paths: str) -> None:
            refusing()
            really(*paths)

        monkeypatch.setattr(os, "replace", replace)
        return refusing

    @pytest.mark.parametrize("number", [1, 2, 5])
    def test_a_few_refusals_are_waited_out(
        self, store: YAMLUserStore, refusals: mock.Mock, number: int
    ) -> None:
        refusals.side_effect = [*[PermissionError(errno.EACCES, "Access is denied")] * number, None]
        write(store, "alice", RECORD)
        assert (store.read("alice") or b"").strip() == RECORD.encode()
        assert refusals.call_count == number + 1

    def test_others_are_a_clear_error_and_leave_the_file(
        self, store: YAMLUserStore, refusals: mock.Mock, tokens_path: Path
    ) -> None:
        write(store, "alice", RECORD)
        refusals.side_effect = PermissionError(errno.EACCES, "Access is denied")
        with pytest.raises(StoreUnavailable, match="Access is denied"):
            write(store, "bob", RECORD)
        assert list(store.users()) == ["alice"]
        assert secrets_beside(tokens_path) == []
        refusals.side_effect = OSError(errno.ENOSPC, "No space")
        refusals.reset_mock()
        with pytest.raises(StoreUnavailable, match="No space"):
            write(store, "bob", RECORD)
        assert refusals.call_count == 1

    def test_the_waits_are_within_a_second(self) -> None:
        assert sum(private_file.WAITS) < 1
