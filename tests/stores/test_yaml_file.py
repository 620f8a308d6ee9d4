"""The YAML file on disk: its format, records written by hand or by earlier versions, and damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.makers import Make
from wxc_sdk.integration import Integration

from webex_bot_auth import UserContext
from webex_bot_auth.errors import StoreUnreadable
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.stores.yaml_lines import HEADER
from webex_bot_auth.testing.sample_contexts import context

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


def test_it_is_yaml_of_user_id_to_context(tokens_path: Path, file_contexts: Contexts) -> None:
    for user_id in ("alice", 'b"o:b\n\u2028🎉'):
        file_contexts.save(user_id, context(user_id))
    data = yaml.safe_load(tokens_path.read_text(encoding="utf-8"))
    assert {user_id: UserContext.model_validate(record) for user_id, record in data.items()} == {
        user_id: context(user_id) for user_id in data
    }
    assert list(data) == ["alice", 'b"o:b\n\u2028🎉']


def test_what_earlier_installations_wrote_is_read_and_kept(
    tokens_path: Path, file_contexts: Contexts
) -> None:
    tokens_path.write_text(EARLIER)
    old = file_contexts.load("Y2lzY29z")
    assert old
    assert (old.tokens.access_token, old.tokens.refresh_token) == ("old access", "old refresh")
    file_contexts.save("alice", context("alice"))
    again = Contexts(YAMLUserStore(str(tokens_path)), Records())
    assert again.load("Y2lzY29z") == old
    assert list(again.users()) == ["Y2lzY29z", "other: user", "alice"]


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
        "[" * 5000,
    ],
)
def test_a_corrupt_file_is_a_clear_error_and_is_not_overwritten(
    tokens_path: Path, file_contexts: Contexts, content: str
) -> None:
    tokens_path.write_bytes(content.encode("latin1"))
    for act in (lambda: file_contexts.load("alice"), lambda: file_contexts.save("alice", context("alice"))):
        with pytest.raises(StoreUnreadable, match=r"tokens\.yml") as caught:
            act()
        assert caught.value.place.startswith(str(tokens_path))
    assert tokens_path.read_bytes() == content.encode("latin1")


@pytest.mark.holds(31)
def test_a_corrupt_record_stops_its_user_and_no_other(tokens_path: Path, file_contexts: Contexts) -> None:
    for user_id in ("alice", "bob", "carol"):
        file_contexts.save(user_id, context(user_id))
    lines = tokens_path.read_bytes().split(b"\n")
    lines[2] = lines[2][: len(lines[2]) // 2]  # cut off, as an editor or a full disk does
    tokens_path.write_bytes(b"\n".join(lines))
    for _ in range(2):
        assert file_contexts.load("alice") == context("alice")
        assert file_contexts.load("carol") == context("carol")
        with pytest.raises(StoreUnreadable, match="bob"):
            file_contexts.load("bob")
        file_contexts.save("dave", context("dave"))
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
def test_records_that_were_written_by_hand_are_read(
    tokens_path: Path, file_contexts: Contexts, line: str
) -> None:
    file_contexts.save("alice", context("alice"))
    tokens_path.write_text(f"{tokens_path.read_text()}{line}\n")
    assert file_contexts.load("alice") == context("alice")
    bob = file_contexts.load("bob")
    assert bob
    assert bob.tokens.access_token == "b"
    file_contexts.save("carol", context("carol"))
    assert list(Contexts(YAMLUserStore(str(tokens_path)), Records()).users()) == [
        "alice",
        "bob",
        "carol",
    ]


def test_an_edit_by_hand_is_seen_at_once(tokens_path: Path, file_contexts: Contexts) -> None:
    file_contexts.save("alice", context("alice"))
    assert file_contexts.load("alice")
    tokens_path.write_bytes(HEADER + b"\n# a remark\n" + EARLIER.encode())
    assert file_contexts.load("alice") is None
    assert file_contexts.load("other: user")
    tokens_path.unlink()
    assert file_contexts.load("other: user") is None


def test_a_record_of_another_user_is_refused(tokens_path: Path, file_contexts: Contexts) -> None:
    file_contexts.save("alice", context("alice"))
    tokens_path.write_bytes(tokens_path.read_bytes().replace(b'"alice": ', b'"mallory": '))
    with pytest.raises(StoreUnreadable, match="belongs to another user"):
        file_contexts.load("mallory")
