"""A user who has logged in to two integrations has a record for each, the second under a key of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
import redis
from support.makers import KEY, NEW_KEY
from support.redis_stores import user_store

from webex_bot_auth.errors import StoreUnreadable
from webex_bot_auth.logins.contexts import Contexts
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import reference
from webex_bot_auth.stores import UserStore
from webex_bot_auth.stores.yaml_file import YAMLUserStore
from webex_bot_auth.testing.sample_contexts import context

#: client ids of two integrations, and where the second one's record is if the first one has the usual place
ONE, OTHER = "client one", "client other"
SECOND = f"integration {reference(OTHER)}: alice"


@pytest.fixture(params=["yaml", "redis"])
def store(request: pytest.FixtureRequest, tokens_path: Path) -> UserStore:
    if request.param == "yaml":
        return YAMLUserStore(str(tokens_path))
    client: redis.Redis = request.getfixturevalue("client")
    return user_store(client)


@pytest.fixture(params=["plain", "sealed"])
def keys(request: pytest.FixtureRequest) -> list[str]:
    return [KEY] if request.param == "sealed" else []


Of = Callable[..., Contexts]


@pytest.fixture
def of(store: UserStore, keys: list[str]) -> Of:
    """Makes the contexts of one bot, as one process has them."""
    return lambda client_id="-", keys=keys: Contexts(store, Records(keys), client_id)


def read(store: UserStore, key: str) -> dict[str, object]:
    found = store.read(key)
    assert found is not None, key
    record: dict[str, object] = json.loads(found)
    return record


def nested(keys: list[str]) -> str:
    """A record of the released version: one record with a part for each integration."""
    parts = []
    for client_id in (ONE, OTHER):
        name = reference(client_id)
        text = Records(keys).dump(context("alice", client_id), bound_to=f"integration:{name}:user:alice")
        parts.append({"integration": name, **json.loads(text)})
    return json.dumps({**parts[0], "others": {reference(OTHER): parts[1]}}, separators=(",", ":"))


def test_each_integration_reads_and_writes_its_own(store: UserStore, of: Of) -> None:
    one, other = of(ONE), of(OTHER)
    one.save("alice", context("alice", "ones"))
    assert other.load("alice") is None
    other.save("alice", context("alice", "others"))
    assert (one.load("alice"), other.load("alice")) == (context("alice", "ones"), context("alice", "others"))
    assert read(store, "alice")["integration"] == reference(ONE)
    assert read(store, SECOND)["integration"] == reference(OTHER)
    assert other.replace(context("alice", "others"), context("alice", "new"))
    assert (one.load("alice"), other.load("alice")) == (context("alice", "ones"), context("alice", "new"))
    one.save("alice", None)
    assert (one.load("alice"), other.load("alice")) == (None, context("alice", "new"))
    assert list(other.users()) == ["alice"]
    other.save("alice", None)
    assert list(store.users()) == []


@pytest.mark.parametrize("first", [ONE, OTHER])
def test_a_nested_record_of_the_released_version_is_read_and_written_apart(
    store: UserStore, of: Of, keys: list[str], first: str
) -> None:
    assert store.swap("alice", None, nested(keys))
    second = OTHER if first == ONE else ONE
    for client_id in (first, second):
        assert of(client_id).load("alice") == context("alice", client_id)
    assert "others" not in read(store, "alice")
    assert read(store, "alice")["integration"] == reference(ONE)
    assert read(store, SECOND)["integration"] == reference(OTHER)
    assert list(of().users()) == ["alice"]
    of(first).save("alice", None)
    assert of(first).load("alice") is None
    assert of(second).load("alice") == context("alice", second)


@pytest.mark.parametrize("client_id", [ONE, OTHER])
def test_a_login_or_logout_before_a_nested_record_was_read_leaves_the_other_integration(
    store: UserStore, of: Of, keys: list[str], client_id: str
) -> None:
    others = OTHER if client_id == ONE else ONE
    for new in (context("alice", "new"), None):
        for key in list(store.users()):
            assert store.swap(key, store.read(key), None)
        assert store.swap("alice", None, nested(keys))
        of(client_id).save("alice", new)
        assert of(client_id).load("alice") == new
        assert of(others).load("alice") == context("alice", others)


def test_of_two_records_of_one_integration_the_second_key_wins_and_a_login_deletes_the_other(
    store: UserStore, of: Of
) -> None:
    of(OTHER).save("alice", context("alice", "under the id"))
    record = store.read("alice")
    assert record is not None
    of(ONE)  # another process, which found the first place taken
    text = record.decode() if isinstance(record, bytes) else record
    assert store.swap(SECOND, None, text)
    assert store.swap("alice", record, None)
    of(OTHER).save("alice", context("alice", "second"))
    assert store.swap("alice", None, text)
    assert of(OTHER).load("alice") == context("alice", "second")
    of(OTHER).save("alice", context("alice", "new"))
    assert set(store.users()) == {SECOND}
    assert of(OTHER).load("alice") == context("alice", "new")


def test_a_logout_deletes_both_records_of_its_integration(store: UserStore, of: Of) -> None:
    of(OTHER).save("alice", context("alice"))
    record = store.read("alice")
    assert record is not None
    assert store.swap(SECOND, None, record.decode() if isinstance(record, bytes) else record)
    of(OTHER).save("alice", None)
    assert list(store.users()) == []


def test_an_administrator_reaches_all_records_of_a_user(store: UserStore, of: Of) -> None:
    of(ONE).save("alice", context("alice", "ones"))
    of(OTHER).save("alice", context("alice", "others"))
    of(ONE).save("bob", context("bob"))
    assert sorted(of().users()) == ["alice", "bob"]
    assert of().load("alice") == context("alice", "ones")
    of(ONE).save("alice", None)
    assert of().load("alice") == context("alice", "others")
    of().save("alice", None)
    assert set(store.users()) == {"bob"}


def test_an_administrators_logout_deletes_all_parts_of_a_nested_record(
    store: UserStore, of: Of, keys: list[str]
) -> None:
    assert store.swap("alice", None, nested(keys))
    of().save("alice", None)
    assert list(store.users()) == []


def test_rotate_reaches_all_records(store: UserStore, of: Of, keys: list[str]) -> None:
    assert store.swap("alice", None, nested(keys))
    of(ONE).save("bob", context("bob"))
    report = of(keys=[NEW_KEY, *keys]).rotate()
    assert (report.changed, report.unreadable) == (3, [])
    for client_id in (ONE, OTHER):
        new = Contexts(store, Records([NEW_KEY], accept_plain=False), client_id)
        assert new.load("alice") == context("alice", client_id)


def test_a_record_that_names_no_integration_is_everybodys(store: UserStore, of: Of, keys: list[str]) -> None:
    """As the first versions wrote it, and the specification."""
    assert store.swap("alice", None, Records(keys).dump(context("alice"), bound_to="user:alice"))
    for client_id in (ONE, OTHER, "-"):
        assert of(client_id).load("alice") == context("alice")
    of(OTHER).save("alice", context("alice", "new"))
    assert list(store.users()) == ["alice"]
    assert of(OTHER).load("alice") == context("alice", "new")
    assert of(ONE).load("alice") is None


@pytest.mark.parametrize("client_id", [ONE, OTHER])
def test_where_a_record_was_found_it_is_looked_for_first(store: UserStore, of: Of, client_id: str) -> None:
    of(ONE).save("alice", context("alice", "ones"))
    of(OTHER).save("alice", context("alice", "others"))
    contexts = of(client_id)
    found = contexts.load("alice")
    with mock.patch.object(type(store), "read", autospec=True, side_effect=type(store).read) as asked:
        assert contexts.load("alice") == found
    assert asked.call_count == 1


def test_a_record_that_went_elsewhere_is_found_again(store: UserStore, of: Of) -> None:
    of(ONE).save("alice", context("alice", "ones"))
    contexts = of(OTHER)
    contexts.save("alice", context("alice", "second"))
    of(ONE).save("alice", None)
    of(OTHER).save("alice", None)
    of(OTHER).save("alice", context("alice", "first"))
    assert set(store.users()) == {"alice"}
    assert contexts.load("alice") == context("alice", "first")


@pytest.mark.parametrize("user_id", [SECOND, "integration 0123abcd: ", "integration 0123abcd: a\nb"])
def test_an_id_that_looks_like_a_second_key_is_refused(store: UserStore, of: Of, user_id: str) -> None:
    of(ONE).save("alice", context("alice", "ones"))
    of(OTHER).save("alice", context("alice", "others"))
    before = {key: store.read(key) for key in store.users()}
    for contexts in (of(ONE), of()):
        for act in (
            lambda contexts: contexts.load(user_id),
            lambda contexts: contexts.save(user_id, context(user_id)),
            lambda contexts: contexts.save(user_id, None),
            lambda contexts: contexts.replace(context(user_id), None),
        ):
            with pytest.raises(ValueError, match="no user id"):
                act(contexts)
    assert {key: store.read(key) for key in store.users()} == before


def test_a_record_moved_to_another_users_second_key_does_not_open(
    store: UserStore, of: Of, keys: list[str]
) -> None:
    of(ONE).save("alice", context("alice"))
    of(OTHER).save("alice", context("alice", "others"))
    moved = store.read(SECOND)
    assert moved is not None
    of(ONE).save("bob", context("bob"))
    key = SECOND.replace("alice", "bob")
    assert store.swap(key, None, moved.decode() if isinstance(moved, bytes) else moved)
    with pytest.raises(StoreUnreadable, match=r"another user|none of the encryption_keys opens it"):
        of(OTHER).load("bob")
