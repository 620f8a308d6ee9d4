"""What every store of short-lived texts and agendas has to hold."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from ...stores import Due, FlowStore, Record, Reminder
from .user_ids import ALIKE, DIFFICULT

NewStore = Callable[[], FlowStore]

LONG = 600.0
#: over by the time the next call is made
SHORT = 0.001


class FlowStoreContract:
    """Tests for a class of yours to inherit; its name has to begin with ``Test``.

    Bring a fixture ``make_store``, as for :class:`~webex_bot_auth.testing.contract.UserStoreContract`. For a
    store in the memory of one process, it gives the same store each time.
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
    def store(self, new_store: NewStore) -> FlowStore:
        """One store, for a test that needs no other."""
        return new_store()

    # -- texts

    @pytest.mark.parametrize("key", ["desk-alice", "flow-f", "refresh-alice"])
    def test_a_text_is_stored_where_there_is_none_and_read_by_others(
        self, new_store: NewStore, key: str
    ) -> None:
        one, other = new_store(), new_store()
        assert other.read(key)[0] is None
        assert one.swap(key, None, "first é", LONG)
        assert not other.swap(key, None, "second", LONG)
        assert text(other.read(key)[0]) == "first é"
        assert other.read(f"{key} too")[0] is None

    def test_a_text_is_replaced_only_where_it_is_the_one_that_was_read(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert not one.swap("key", "1", "2", LONG)
        assert one.read("key")[0] is None
        one.swap("key", None, "1", LONG)
        read, _ = other.read("key")
        assert one.swap("key", "1", "2", LONG)  # as it was written; also without a look
        assert not other.swap("key", read, "3", LONG)
        assert not other.swap("key", read, None)
        assert text(one.read("key")[0]) == "2"
        assert other.swap("key", other.read("key")[0], "2", LONG)

    def test_a_text_is_deleted_only_where_it_is_the_one_that_was_read(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        one.swap("key", None, "1", LONG)
        assert not other.swap("key", "2", None)
        assert other.swap("key", other.read("key")[0], None)
        assert one.read("key")[0] is None
        assert not one.swap("key", "1", None)
        assert one.swap("key", None, "again", LONG)

    @pytest.mark.holds(2)
    def test_of_many_who_swap_at_once_one_does(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        stores[0].swap("key", None, "old", LONG)
        start = threading.Barrier(20)

        def swap(number: int) -> bool:
            start.wait()
            return stores[number % 4].swap("key", "old", f"new {number}", LONG)

        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(swap, range(20)))
        assert done.count(True) == 1
        assert text(stores[0].read("key")[0]) == f"new {done.index(True)}"

    @pytest.mark.holds(3)
    def test_a_text_expires_and_its_time_begins_again_with_another_text(self, store: FlowStore) -> None:
        store.swap("key", None, "1", SHORT)
        store.swap("other", None, "1", SHORT)
        store.swap("stays", None, "1", 1.0)
        store.swap("stays", "1", "2", LONG)
        threading.Event().wait(0.02)  # stores may round up to the next millisecond
        assert store.read("key")[0] is None
        assert store.swap("other", None, "2", LONG)
        threading.Event().wait(1.0)
        assert text(store.read("stays")[0]) == "2"

    @pytest.mark.parametrize("name", [*DIFFICULT, *ALIKE])
    def test_any_text_can_be_part_of_a_key_and_of_an_item(self, new_store: NewStore, name: str) -> None:
        one, other = new_store(), new_store()
        one.swap("desk-alice", None, "hers", LONG)
        one.swap(f"desk-{name}", one.read(f"desk-{name}")[0], name, LONG, remind=[Reminder("a", name, 0)])
        assert text(other.read(f"desk-{name}")[0]) == name
        assert name == "alice" or text(other.read("desk-alice")[0]) == "hers"
        assert item(other.due(["a"], LONG, 0)) == name

    def test_the_time_is_in_seconds_and_goes_on(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        (_, first), (_, second) = one.read("key"), other.read("another")
        assert first <= second < first + 60

    # -- agendas

    def test_an_item_that_is_due_goes_to_one(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        items = {f"item {number} é" for number in range(5)}
        for name in items:
            stores[0].remind(Reminder("polls", name, 0))
        with ThreadPoolExecutor(4) as pool:
            due = list(pool.map(lambda number: stores[number % 4].due(["polls"], LONG, 0), range(8)))
        assert sorted(one.item for one in due if one) == sorted(items)

    def test_the_item_that_has_been_due_longest_comes_first_of_all_agendas(self, store: FlowStore) -> None:
        for agenda, name, seconds in (("a", "third", -1), ("b", "first", -3), ("a", "second", -2)):
            store.remind(Reminder(agenda, name, seconds))
        due = [store.due(["a", "b"], LONG, 0) for _ in range(4)]
        assert [(one.agenda, one.item) for one in due if one] == [
            ("b", "first"),
            ("a", "second"),
            ("a", "third"),
        ]

    def test_an_item_is_due_neither_too_early_nor_on_another_agenda(self, store: FlowStore) -> None:
        store.remind(Reminder("polls", "early", LONG))
        store.remind(Reminder("others", "item", 0))
        assert store.due(["polls", "no such agenda"], LONG, 0) is None
        assert item(store.due(["others"], LONG, 0)) == "item"

    def test_an_item_is_due_again_after_its_lease_unless_it_is_done(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        one.remind(Reminder("polls", "item", 0))
        assert item(one.due(["polls"], 0, 0)) == "item"
        due = other.due(["polls"], 0, 0)
        assert due
        one.done(due)
        assert other.due(["polls"], 0, 0) is None

    def test_done_takes_off_only_what_nobody_was_reminded_of_since(self, store: FlowStore) -> None:
        for seconds in (LONG, 0):
            store.remind(Reminder("polls", "item", 0))
            due = store.due(["polls"], LONG, 0)
            assert due
            store.remind(Reminder("polls", "item", seconds))
            store.done(due)
        again = store.due(["polls"], LONG, 0)
        assert item(again) == "item"

    def test_done_takes_off_only_what_did_not_become_due_again(self, store: FlowStore) -> None:
        store.remind(Reminder("polls", "item", 0))
        first, second = store.due(["polls"], 0, 0), store.due(["polls"], 0, 0)
        assert first
        assert second
        store.done(first)
        assert item(store.due(["polls"], 0, 0)) == "item"

    def test_a_swap_reminds_and_takes_off(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        one.swap("key", None, "1", LONG, remind=[Reminder("a", "item", 0), Reminder("b", "other", 0)])
        assert item(other.due(["a"], 0, 0)) == "item"
        assert one.swap("key", "1", None, remind=[Reminder("a", "item", math.inf)])
        assert item(other.due(["a", "b"], LONG, 0)) == "other"
        assert other.due(["a", "b"], LONG, 0) is None

    def test_due_waits_for_a_reminder(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(waited_for, one)
            other.remind(Reminder("polls", "item", 0.05))
            assert item(waiting.result()) == "item"

    def test_closing_ends_a_wait_and_twice_is_fine(self, store: FlowStore) -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(store.due, ["polls"], LONG, LONG)
            store.close()
            store.close()
            assert waiting.result() is None


def waited_for(store: FlowStore) -> Due | None:
    """Return the next item; a store may wait for less than it is asked to."""
    return next((due for _ in range(300) if (due := store.due(["polls"], LONG, 1))), None)


def item(due: Due | None) -> str:
    """Return the item that is due."""
    assert due is not None
    return due.item


def text(record: Record | None) -> str:
    """Return a record as text."""
    assert record is not None
    return record.decode() if isinstance(record, bytes) else record
