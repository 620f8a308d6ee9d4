"""Only their owner can read and write files with tokens."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.makers import Make
from wxc_sdk.integration import Integration

from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.sample_contexts import context


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)
    yield lambda mask: os.umask(mask) and None
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o7777) for path in folder.iterdir()}


@pytest.mark.holds(18)
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o177, 0o777], ids=oct)
def test_files_are_made_for_their_owner_alone_under_any_umask(
    integration: Integration, yaml_manager: Make, tmp_path: Path, umask: Callable[[int], None], mask: int
) -> None:
    umask(mask)
    with yaml_manager("bot-token", integration) as manager:
        for number in range(3):
            manager.set_user_context(user_id=f"user {number}", user_context=context(f"user {number}"))
            assert set(modes(tmp_path).values()) == {"0o600"}
        assert set(modes(tmp_path)) == {"tokens.yml", "tokens.yml.lock"}


@pytest.mark.holds(18)
def test_the_next_write_makes_a_file_private_that_others_may_read(
    integration: Integration, yaml_manager: Make, tmp_path: Path
) -> None:
    (tmp_path / "tokens.yml").touch(mode=0o644)
    with yaml_manager("bot-token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert modes(tmp_path)["tokens.yml"] == "0o600"


@pytest.mark.holds(18)
@pytest.mark.parametrize("name", ["tokens.yml", "tokens.yml.lock", "tokens.yml.{pid}.new"])
@pytest.mark.parametrize("there", [True, False])
def test_no_symbolic_link_is_followed(
    integration: Integration, yaml_manager: Make, tmp_path: Path, name: str, there: bool
) -> None:
    elsewhere = tmp_path / "elsewhere" / "victim"
    elsewhere.parent.mkdir()
    if there:
        elsewhere.write_bytes(b'{"alice": {"user_id": "alice", "tokens": {"access_token": "planted"}}}')
    before = elsewhere.read_bytes() if there else None
    mode = elsewhere.stat().st_mode if there else None
    link = tmp_path / name.format(pid=os.getpid())
    link.symlink_to(elsewhere)
    with yaml_manager("bot-token", integration) as manager:
        if name == "tokens.yml":
            with pytest.raises(StoreUnavailable, match="symbolic link"):
                manager.get_user_context(user_id="alice")
            with pytest.raises(StoreUnavailable, match="symbolic link"):
                manager.set_user_context(user_id="alice", user_context=context("alice"))
            assert link.is_symlink()
        else:
            with suppress(StoreUnavailable):
                manager.set_user_context(user_id="alice", user_context=context("alice"))
                assert manager.get_user_context(user_id="alice") == context("alice")
    assert elsewhere.exists() == there
    if there:
        assert (elsewhere.read_bytes(), elsewhere.stat().st_mode) == (before, mode)


@pytest.mark.holds(18)
def test_each_write_leaves_a_file_for_its_owner_alone(tokens_path: Path, file_contexts: Contexts) -> None:
    before = os.umask(0)
    try:
        file_contexts.save("alice", context("alice"))
        os.chmod(tokens_path, 0o644)
        file_contexts.save("bob", context("bob"))
    finally:
        os.umask(before)
    for made in tokens_path.parent.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600, made


@pytest.mark.holds(18)
@pytest.mark.parametrize("broken", [False, True])
def test_a_symbolic_link_instead_of_the_file_is_refused(
    tokens_path: Path, file_contexts: Contexts, broken: bool
) -> None:
    target = tokens_path.parent / "target"
    if not broken:
        target.write_text("kept")
    tokens_path.symlink_to(target)
    for act in (lambda: file_contexts.load("alice"), lambda: file_contexts.save("alice", context("alice"))):
        with pytest.raises(StoreUnavailable, match="symbolic link"):
            act()
    assert target.exists() is not broken
    assert tokens_path.is_symlink()


AS_NOBODY = """
import os, sys
from webex_bot_auth.testing.sample_contexts import context
from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.logins.records import Records
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.stores.yaml_file import YAMLUserStore
os.umask(0)
file = Contexts(YAMLUserStore(sys.argv[1]), Records())
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
for act in (lambda: file.load("alice"), lambda: file.save("bob", context("bob"))):
    try:
        print("done", act() is not None)
    except StoreUnavailable as error:
        print(error)
"""


def as_nobody(path: Path) -> list[str]:
    """The results of a read and a write by a user without any rights."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.splitlines()


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all users can open; those of pytest are for one user alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_read_only_folder_is_a_clear_error_and_reading_goes_on(open_folder: Path) -> None:
    path = open_folder / "tokens.yml"
    Contexts(YAMLUserStore(str(path)), Records()).save("alice", context("alice"))
    path.chmod(0o644)
    before = path.read_bytes()
    open_folder.chmod(0o555)
    read, write = as_nobody(path)
    assert read == "done True"
    assert write.startswith(f"{path}: {open_folder} cannot be written (Permission denied): ")
    open_folder.chmod(0o755)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a file")
def test_a_file_of_another_owner_is_a_clear_error(open_folder: Path) -> None:
    path = open_folder / "tokens.yml"
    Contexts(YAMLUserStore(str(path)), Records()).save("alice", context("alice"))
    open_folder.chmod(0o777)
    before = path.read_bytes()
    assert as_nobody(path) == [f"{path}: Permission denied"] * 2
    assert path.read_bytes() == before
