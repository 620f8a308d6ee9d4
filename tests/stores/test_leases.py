"""One holder of a lease among all processes of a store, for as long as it lives and no longer."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue
from typing import Any

import pytest
from support.waiting import wait_until

from webex_bot_auth.errors import StoreUnavailable
from webex_bot_auth.stores import Record, leases
from webex_bot_auth.stores.leases import LEASE_SECONDS, Leases
from webex_bot_auth.stores.memory import MemoryFlowStore

pytestmark = pytest.mark.holds(22)

KEY = "refresh-alice"


class Store(MemoryFlowStore):
    """Has a clock that stands still, reports each swap, and fails on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 1000.0
        self.slow = 0.0
        self.fails_to = ""
        self.swaps: Queue[tuple[str, bool]] = Queue()
        self.stored: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.clock

    def swap(self, key: str, old: Record | None, new: str | None, seconds: float = 0.0, **_: object) -> bool:
        kind = "take" if old is None else "give back" if new is None else "renew"
        with self._lock:
            self.clock += self.slow
            value, end = self.stored.get(key, (None, 0.0))
            done = kind != self.fails_to and old == (value if end > self.clock else None)
            if done:
                self.stored.pop(key, None)
            if done and new is not None:
                self.stored[key] = (new, self.clock + seconds)
        self.swaps.put((kind, done))
        if kind == self.fails_to:
            raise StoreUnavailable(key, "is out of reach")
        return done

    def wait_for_next(self, *swap: object) -> None:
        """Wait for a swap that begins after this call."""
        try:
            while True:
                self.swaps.get_nowait()
        except Empty:
            self.swaps.get(timeout=30)  # it may have begun before
        while self.swaps.get(timeout=30) != swap:
            pass


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store()
    monkeypatch.setattr(leases, "now", store.now)
    yield store
    wait_until(lambda: not threads(), "the thread that renews has ended")


@pytest.fixture
def soon_renewed(monkeypatch: pytest.MonkeyPatch) -> float:
    """Leases are renewed every 10 ms of real time; the clock that ends them stands still. Their seconds."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.03)
    return 0.03


def can_be_had(store: Store) -> bool:
    """Return whether another process could take the lease."""
    with Leases(store).hold(KEY) as lease:
        return lease is not None


def test_one_holds_a_lease_until_the_block_ends(store: Store) -> None:
    with Leases(store).hold(KEY) as lease:
        assert lease
        assert lease.is_held()
        assert not can_be_had(store)
    assert can_be_had(store)


def test_an_exception_in_the_block_gives_it_back(store: Store) -> None:
    with pytest.raises(LookupError), Leases(store).hold(KEY):
        raise LookupError
    assert can_be_had(store)


def test_of_20_who_take_it_at_once_one_gets_it(store: Store) -> None:
    start, answered, held = threading.Barrier(20), threading.Barrier(20), Leases(store)

    def take(_: int) -> bool:
        start.wait()
        with held.hold(KEY) as lease:
            answered.wait()
            return lease is not None

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(take, range(20))).count(True) == 1


def test_it_is_waited_for(store: Store) -> None:
    def wait() -> bool:
        with Leases(store).hold(KEY, 600) as lease:
            return lease is not None

    with ThreadPoolExecutor(1) as pool:
        with Leases(store).hold(KEY):
            waiting = pool.submit(wait)
            store.wait_for_next("take", False)
        assert waiting.result()


def test_who_waits_asks_less_and_less_often() -> None:
    class Counting(MemoryFlowStore):
        asked = 0

        def swap(self, *given: Any, **options: Any) -> bool:
            self.asked += 1
            return super().swap(*given, **options)

    store = Counting()
    store.swap(KEY, None, "of another process", 60)
    with Leases(store).hold(KEY, 1.0) as lease:
        assert lease is None
    assert 1 < store.asked < 13  # a store in a database gets no more than five statements a second


def test_waiting_ends_in_time_and_with_close(store: Store) -> None:
    waiting_for = Leases(store)

    def wait() -> bool:
        with waiting_for.hold(KEY, 600) as lease:
            return lease is not None

    store.stored[KEY] = ("of another process", math.inf)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        store.wait_for_next("take", False)
        store.clock += 601
        assert not waiting.result()
        waiting = pool.submit(wait)
        store.wait_for_next("take", False)
        waiting_for.close()
        assert not waiting.result()


def test_a_holder_that_died_frees_it_by_its_end(store: Store) -> None:
    assert store.swap(KEY, None, "of a process that died", LEASE_SECONDS)
    store.clock += LEASE_SECONDS - 1
    assert not can_be_had(store)
    store.clock += 1
    assert can_be_had(store)


def test_it_is_renewed_while_it_is_held(store: Store, soon_renewed: float) -> None:
    with Leases(store).hold(KEY) as lease:
        assert lease
        for _ in range(3):
            store.clock += soon_renewed * 0.9
            store.wait_for_next("renew", True)
            assert lease.is_held()
        assert not can_be_had(store)


def test_one_thread_renews_all_and_ends_when_nothing_is_held(store: Store, soon_renewed: float) -> None:
    all_leases = Leases(store)
    with all_leases.hold("one"), all_leases.hold("other"):
        store.clock += soon_renewed / 2
        for _ in range(2):
            store.wait_for_next("renew", True)
        assert [end for _, end in store.stored.values()] == [store.clock + soon_renewed] * 2
        assert len(threads()) == 1
    wait_until(lambda: not threads(), "the thread has ended")
    with all_leases.hold("one"):
        assert len(threads()) == 1


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "webex_bot_auth-leases"]


def test_the_holder_counts_from_before_the_call(store: Store, soon_renewed: float) -> None:
    """A call to the store may take long: the lease never ends there before it does here."""
    store.slow = soon_renewed / 3
    with Leases(store).hold(KEY) as lease:
        assert lease
        store.wait_for_next("renew", True)
        store.slow = 0
        store.wait_for_next("renew", True)
        store.fails_to = "renew"
        store.wait_for_next("renew", False)
        assert lease.held_until <= store.stored[KEY][1]
    store.slow = 1.0
    start = store.clock
    with Leases(store).hold("other") as lease:
        assert lease
        assert lease.held_until == start + soon_renewed


def test_who_cannot_renew_it_holds_it_until_its_end(
    store: Store, soon_renewed: float, caplog: pytest.LogCaptureFixture
) -> None:
    with Leases(store).hold(KEY) as lease:
        assert lease
        store.fails_to = "renew"
        store.wait_for_next("renew", False)
        assert "a lease was not renewed" in caplog.text
        assert lease.is_held()
        store.clock += soon_renewed
        assert not lease.is_held()
        store.fails_to = ""
        with Leases(store).hold(KEY) as others:
            assert others
            store.wait_for_next("renew", False)
            assert not lease.is_held()
            wait_until(lambda: "a lease was lost" in caplog.text, "it is in the log")


def test_it_is_given_back_by_its_holder_alone(store: Store) -> None:
    with Leases(store).hold(KEY):
        store.stored[KEY] = ("of another process", store.clock + LEASE_SECONDS)
    assert not can_be_had(store)


def test_where_the_store_fails_nobody_gets_it(store: Store) -> None:
    store.fails_to = "take"
    with pytest.raises(StoreUnavailable), Leases(store).hold(KEY):
        pytest.fail("it was not taken")
    assert not threads()


def test_where_it_cannot_be_given_back_it_ends_by_itself(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.fails_to = "give back"
    with Leases(store).hold(KEY):
        pass
    assert "a lease is left to expire" in caplog.text
    assert not can_be_had(store)
    store.clock += LEASE_SECONDS
    assert can_be_had(store)
