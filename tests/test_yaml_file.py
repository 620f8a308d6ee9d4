"""The YAML file on disk: its format, and what hands, other versions and accidents made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.makers import Make
from wxc_sdk.integration import Integration

from webex_bot_auth import UserContext
from webex_bot_auth.errors import StoreUnreadable
from webex_bot_auth.testing.made_up import context
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


def test_the_name_is_the_base_with_yml(tmp_path: Path, yaml_manager: Make, integration: Integration) -> None:
    with yaml_manager("token", integration) as manager:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
    assert (tmp_path / "tokens.yml").exists()


def test_it_is_yaml_of_user_id_to_context(tokens_path: Path, user_file: UserFile) -> None:
    for user_id in ("alice", 'b"o:b\n\u2028🎉'):
        user_file.write(user_id, context(user_id))
    data = yaml.safe_load(tokens_path.read_text(encoding="utf-8"))
    assert {user_id: UserContext.model_validate(record) for user_id, record in data.items()} == {
        user_id: context(user_id) for user_id in data
    }
    assert list(data) == ["alice", 'b"o:b\n\u2028🎉']


def test_what_earlier_installations_wrote_is_read_and_kept(tokens_path: Path, user_file: UserFile) -> None:
    tokens_path.write_text(EARLIER)
    old = user_file.read("Y2lzY29z")
    assert old
    assert (old.tokens.access_token, old.tokens.refresh_token) == ("old access", "old refresh")
    user_file.write("alice", context("alice"))
    again = UserFile(str(tokens_path), Records())
    assert again.read("Y2lzY29z") == old
    assert again.users() == ["Y2lzY29z", "other: user", "alice"]


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
    tokens_path: Path, user_file: UserFile, content: str
) -> None:
    tokens_path.write_bytes(content.encode("latin1"))
    for act in (lambda: user_file.read("alice"), lambda: user_file.write("alice", context("alice"))):
        with pytest.raises(StoreUnreadable, match=r"tokens\.yml") as caught:
            act()
        assert caught.value.place.startswith(str(tokens_path))
    assert tokens_path.read_bytes() == content.encode("latin1")


@pytest.mark.holds(31)
def test_a_corrupt_record_stops_its_user_and_no_other(tokens_path: Path, user_file: UserFile) -> None:
    for user_id in ("alice", "bob", "carol"):
        user_file.write(user_id, context(user_id))
    lines = tokens_path.read_bytes().split(b"\n")
    lines[2] = lines[2][: len(lines[2]) // 2]  # cut off, as an editor or a full disk does
    tokens_path.write_bytes(b"\n".join(lines))
    for _ in range(2):
        assert user_file.read("alice") == context("alice")
        assert user_file.read("carol") == context("carol")
        with pytest.raises(StoreUnreadable, match="bob"):
            user_file.read("bob")
        user_file.write("dave", context("dave"))
    assert lines[2] in tokens_path.read_bytes()


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
def test_what_hands_wrote_below_our_header_is_read(tokens_path: Path, user_file: UserFile, line: str) -> None:
    user_file.write("alice", context("alice"))
    tokens_path.write_text(f"{tokens_path.read_text()}{line}\n")
    assert user_file.read("alice") == context("alice")
    bob = user_file.read("bob")
    assert bob
    assert bob.tokens.access_token == "b"
    user_file.write("carol", context("carol"))
    assert UserFile(str(tokens_path), Records()).users() == ["alice", "bob", "carol"]


def test_an_edit_by_hand_is_seen_at_once(tokens_path: Path, user_file: UserFile) -> None:
    user_file.write("alice", context("alice"))
    assert user_file.read("alice")
    tokens_path.write_bytes(HEADER + b"\n# a remark\n" + EARLIER.encode())
    assert user_file.read("alice") is None
    assert user_file.read("other: user")
    tokens_path.unlink()
    assert user_file.read("other: user") is None


def test_a_record_of_another_user_is_refused(tokens_path: Path, user_file: UserFile) -> None:
    user_file.write("alice", context("alice"))
    tokens_path.write_bytes(tokens_path.read_bytes().replace(b'"alice": ', b'"mallory": '))
    with pytest.raises(StoreUnreadable, match="belongs to another user"):
        user_file.read("mallory")
