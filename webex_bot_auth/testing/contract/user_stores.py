"""What every store of users' records has to hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from ...stores import UserStore
from .user_ids import ALIKE, DIFFICULT

NewStore = Callable[[], UserStore]


class UserStoreContract:
    """Tests for a class of yours to inherit; its name has to begin with ``Test``.

    Bring a fixture ``make_store``: it gives a callable without arguments that returns a store over a place
    that is empty when a test begins. Called again in the same test, it returns another store over the
    **same** place, as another process would have it.
    """

    @pytest.fixture
    def make_store(self) -> NewStore:
        """Makes a store: yours to bring."""
        raise NotImplementedError(f"{type(self).__name__} has to bring a fixture make_store")

    @pytest.fixture
    def new_store(self, make_store: NewStore) -> Iterator[NewStore]:
        """Makes one more store; it is closed when the test ends."""
        with ExitStack() as stores:
            yield lambda: stores.enter_context(closing(make_store()))

    @pytest.fixture
    def store(self, new_store: NewStore) -> UserStore:
        """One store, for a test that needs no other."""
        return new_store()

    def test_what_is_written_is_read_here_and_by_others(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert other.read("alice") is None
        write(one, "alice", record("1"))
        for store in (one, other, new_store()):
            assert same(store.read("alice"), record("1"))
            assert store.read("bob") is None

    def test_none_deletes_one_user_and_no_other(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        for user_id in ("alice", "bob"):
            write(one, user_id, record(user_id))
        write(other, "alice", None)
        assert one.read("alice") is None
        assert same(one.read("bob"), record("bob"))
        write(one, "nobody", None)
        assert one.read("nobody") is None

    def test_users_are_those_who_have_a_record(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert list(one.users()) == []
        for number in range(30):
            write(one, f"user {number}", record("1"))
        write(other, "user 7", None)
        found = other.read("user 8")
        assert found is not None
        assert one.swap("user 8", found, None)
        assert set(one.users()) == {f"user {number}" for number in range(30)} - {"user 7", "user 8"}

    @pytest.mark.parametrize("user_id", DIFFICULT)
    def test_difficult_user_ids_survive_a_round_trip(self, new_store: NewStore, user_id: str) -> None:
        one, other = new_store(), new_store()
        write(one, "before", record("before"))
        write(one, user_id, record("1"))
        assert same(other.read(user_id), record("1"))
        assert set(other.users()) == {"before", user_id}
        write(other, user_id, None)
        assert one.read(user_id) is None
        assert same(one.read("before"), record("before"))

    def test_user_ids_that_look_alike_are_different_users(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        for user_id in ALIKE:
            write(one, user_id, record(user_id))
        for user_id in ALIKE:
            assert same(other.read(user_id), record(user_id))

    def test_swap_writes_only_where_the_record_is_the_one_that_was_read(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert not one.swap("alice", record("1"), record("2"))
        assert set(other.users()) == set()
        write(one, "alice", record("1"))
        read = other.read("alice")
        assert read is not None
        assert one.swap("alice", read, record("2"))
        assert same(other.read("alice"), record("2"))
        assert not other.swap("alice", read, record("3"))
        assert not other.swap("alice", read, None)
        assert same(one.read("alice"), record("2"))
        assert set(other.users()) == {"alice"}

    def test_swap_adds_a_record_only_where_there_is_none(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert one.swap("alice", None, record("1"))
        assert not other.swap("alice", None, record("2"))
        assert same(other.read("alice"), record("1"))
        assert set(other.users()) == {"alice"}

    def test_of_many_who_swap_at_once_one_does(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        write(stores[0], "alice", record("old"))
        read = stores[0].read("alice")
        assert read is not None
        start = threading.Barrier(20)

        def swap(number: int) -> bool:
            start.wait()
            return stores[number % 4].swap("alice", read, record(f"new {number}"))

        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(swap, range(20)))
        assert done.count(True) == 1
        assert same(stores[0].read("alice"), record(f"new {done.index(True)}"))

    def test_writers_at_the_same_time_lose_nobody(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(3)]

        def store_one(number: int) -> None:
            write(stores[number % 3], f"user {number}", record(str(number)))

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(store_one, range(60)))
        for number in range(60):
            assert same(stores[0].read(f"user {number}"), record(str(number)))

    def test_closing_twice_is_fine(self, store: UserStore) -> None:
        write(store, "alice", record("1"))
        store.close()
        store.close()


def write(store: UserStore, user_id: str, record: str | None) -> None:
    """Store or delete a record, whatever is there."""
    assert store.swap(user_id, store.read(user_id), record)


def record(value: str) -> str:
    """A record as this package writes it: one line of JSON."""
    return json.dumps({"user_id": "someone", "value": value, "more": ["é", None, {"x": "\u2028"}]})


def same(read: str | bytes | None, written: str) -> bool:
    """Tell whether what was read is what was written."""
    return read is not None and json.loads(read) == json.loads(written)
