"""What every store of short-lived texts has to hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from ...stores import FlowStore, Missing, Record

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

    def test_a_record_is_taken_once(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        put(one, "flow")
        assert text(other.take("flow", seconds=LONG)) == record_of("flow")
        assert one.take("flow", seconds=LONG) is Missing.USED
        assert one.take("another", seconds=LONG) is Missing.UNKNOWN

    @pytest.mark.holds(2)
    def test_of_20_who_take_a_record_at_once_one_gets_it(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        put(stores[0], "flow")
        start = threading.Barrier(20)

        def take(number: int) -> Record | Missing:
            start.wait()
            return stores[number % 4].take("flow", seconds=LONG)

        with ThreadPoolExecutor(20) as pool:
            taken = list(pool.map(take, range(20)))
        assert taken.count(Missing.USED) == 19

    @pytest.mark.holds(3)
    def test_a_record_expires(self, store: FlowStore) -> None:
        put(store, "flow", seconds=SHORT)
        expired(lambda: store.take("flow", seconds=LONG))

    @pytest.mark.holds(11)
    def test_an_owners_oldest_records_go_first(self, store: FlowStore) -> None:
        for number in range(7):
            put(store, f"flow {number}", keep=3)
        put(store, "another's", owner="bob", keep=3)
        taken = [store.take(f"flow {number}", seconds=LONG) for number in range(7)]
        assert taken[:4] == [Missing.UNKNOWN] * 4
        assert [text(one) for one in taken[4:]] == [record_of(f"flow {number}") for number in (4, 5, 6)]
        assert text(store.take("another's", seconds=LONG)) == record_of("another's")

    def test_a_record_that_is_read_stays(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        put(one, "flow")
        assert text(other.read("flow")) == text(one.take("flow", seconds=LONG)) == record_of("flow")
        assert other.read("flow") is None
        assert other.read("unknown") is None

    def test_an_item_that_is_due_goes_to_one(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        items = {f"item {number} é" for number in range(5)}
        for item in items:
            stores[0].schedule("polls", item, 0)
        with ThreadPoolExecutor(4) as pool:
            due = list(pool.map(lambda number: stores[number % 4].due("polls", LONG), range(8)))
        assert sorted(filter(None, due)) == sorted(items)

    def test_an_item_is_due_neither_too_early_nor_in_another_schedule_nor_when_it_is_gone(
        self, store: FlowStore
    ) -> None:
        store.schedule("polls", "item", LONG)
        store.schedule("others", "item", 0)
        assert store.due("polls", LONG) is None
        store.schedule("polls", "item", 0)
        store.unschedule("polls", "item")
        store.unschedule("polls", "item")
        assert store.due("polls", LONG) is None
        assert store.due("others", LONG) == "item"

    def test_a_lease_that_is_over_is_given_again(self, store: FlowStore) -> None:
        store.schedule("polls", "item", 0)
        assert store.due("polls", 0) == "item"
        assert store.due("polls", 0) == "item"

    def test_a_count_goes_up_and_ends(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert [one.count("cards", LONG), other.count("cards", LONG), one.count("cards", LONG)] == [1, 2, 3]
        assert one.count("others", LONG) == 1
        assert one.take_all("list", forget="cards", mark="-") == ([[]], None)
        assert other.count("cards", LONG) == 1

    def test_a_key_is_claimed_once(self, new_store: NewStore) -> None:
        stores = [new_store() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            claimed = list(pool.map(lambda store: store.claim("event", LONG), stores))
        assert claimed.count(True) == 1
        assert stores[0].claim("another", LONG)

    def test_a_list_keeps_its_order_and_drops_the_oldest(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        dropped = [one.push("list", str(number), seconds=LONG, keep=3) for number in range(5)]
        assert [[text(one) for one in each] for each in dropped] == [[], [], [], ["0"], ["1"]]
        one.push("another", "5", seconds=LONG)
        (texts, others), _ = other.take_all("list", "another", forget="-", mark="-")
        assert [text(one) for one in texts] == ["2", "3", "4"]
        assert [text(one) for one in others] == ["5"]
        assert one.take_all("list", "another", forget="-", mark="-") == ([[], []], None)

    def test_a_mark_is_seen_by_others_until_it_ends(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        one.mark("logout", LONG)
        one.mark("short", SHORT)
        _, remaining = other.take_all("list", forget="-", mark="logout")
        assert remaining is not None
        assert LONG - 60 < remaining <= LONG
        threading.Event().wait(0.02)
        assert other.take_all("list", forget="-", mark="short") == ([[]], None)

    def test_a_mark_may_be_left_where_lists_are_taken(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        assert other.is_marked("done") is False
        assert one.take_all("list", forget="-", mark="done", leave=("done", LONG))[1] is None
        assert other.is_marked("done") is True
        one.mark("short", SHORT)
        threading.Event().wait(0.02)
        assert other.is_marked("short") is False

    @pytest.mark.holds(46)
    def test_all_records_of_an_owner_are_dropped(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        put(one, "first")
        put(one, "second")
        put(one, "another's", owner="bob")
        other.drop_all("alice")
        other.drop_all("nobody")
        assert one.take("first", seconds=LONG) is Missing.UNKNOWN
        assert text(one.take("another's", seconds=LONG)) == record_of("another's")

    def test_a_list_expires(self, store: FlowStore) -> None:
        store.push("list", "text", seconds=SHORT)
        expired(lambda: store.pop("list", 0.01) or Missing.UNKNOWN)

    def test_a_text_is_popped_once(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        one.push("queue", "first", seconds=LONG)
        one.push("queue", "second", seconds=LONG)
        assert text(other.pop("queue", 1)) == "first"
        assert text(one.pop("queue", 1)) == "second"
        assert one.pop("queue", 0.01) is None

    def test_a_pop_waits_for_a_push(self, new_store: NewStore) -> None:
        one, other = new_store(), new_store()
        with ThreadPoolExecutor(1) as pool:
            popping = pool.submit(popped, one)
            other.push("queue", "text", seconds=LONG)
            assert text(popping.result()) == "text"

    def test_closing_twice_is_fine(self, store: FlowStore) -> None:
        store.close()
        store.close()


def put(
    store: FlowStore, flow_id: str, *, owner: str = "alice", seconds: float = LONG, keep: int = 100
) -> None:
    """Keep a record that can be recognised."""
    store.put(flow_id, record_of(flow_id), owner=owner, seconds=seconds, keep=keep)


def record_of(flow_id: str) -> str:
    """A record as this package writes it: one line of JSON."""
    return json.dumps({"user_id": "alice", "flow": flow_id})


def text(record: Record | Missing | None) -> str:
    """A record as text."""
    assert isinstance(record, (str, bytes)), record
    return record.decode() if isinstance(record, bytes) else record


def popped(store: FlowStore) -> Record | None:
    """The next text of a queue; a store may wait for less than it is asked to."""
    return next((text for _ in range(30) if (text := store.pop("queue", 1)) is not None), None)


def expired(take: Callable[[], Record | Missing]) -> None:
    """What was kept for a moment only is not there; stores may round up to the next millisecond."""
    threading.Event().wait(0.02)
    assert take() is Missing.UNKNOWN
