"""Desks on a store: swaps among many, sealed desks, and whose flow an id is."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
import redis
from support.makers import KEY, NEW_KEY
from support.redis_stores import BOT, flow_store

from webex_bot_auth.errors import StoreUnavailable, StoreUnreadable, WrongKey
from webex_bot_auth.logins import desk
from webex_bot_auth.logins.desk import Flow, begin_next
from webex_bot_auth.logins.desks import TIDY, Desks
from webex_bot_auth.logins.records import Records
from webex_bot_auth.stores import FlowStore
from webex_bot_auth.stores.memory import MemoryFlowStore
from webex_bot_auth.testing.contract.resuming import waiting

SECONDS = 600.0


@pytest.fixture(params=["memory", "redis"])
def flows(request: pytest.FixtureRequest) -> Iterator[FlowStore]:
    """A store of each kind in turn."""
    is_memory = request.param == "memory"
    with closing(MemoryFlowStore() if is_memory else flow_store(request.getfixturevalue("client"))) as store:
        yield store


def desks_on(flows: FlowStore, *keys: str, process: str = "0000", **options: Any) -> Desks:
    return Desks(flows, Records(keys, **options), BOT, process)


def ask(desks: Desks, name: str, user_id: str = "alice") -> None:
    step = partial(desk.ask, flow=Flow(id=name), command=waiting(user_id, name), seconds=SECONDS)
    desks.change(user_id, step)


def names(desks: Desks, user_id: str = "alice") -> list[str]:
    return [command.display_name for command in desks.read(user_id).desk.waiting]


class TestChanging:
    def test_of_many_who_change_a_desk_at_once_each_counts_once(self, flows: FlowStore) -> None:
        all_of_them, start = [desks_on(flows) for _ in range(4)], threading.Barrier(8)

        def point(number: int) -> None:
            start.wait()
            for _ in range(5):
                all_of_them[number % 4].change("alice", _count_a_card)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(point, range(8)))
        assert all_of_them[0].read("alice").desk.sent == 40

    @pytest.mark.holds(2)
    def test_a_login_is_used_by_one_of_many(self, flows: FlowStore) -> None:
        all_of_them, start = [desks_on(flows) for _ in range(4)], threading.Barrier(20)
        ask(all_of_them[0], "login")

        def use(number: int) -> str:
            start.wait()
            flow = all_of_them[number % 4].change("alice", partial(desk.use, flow_id="login"))
            assert flow
            return flow.state

        with ThreadPoolExecutor(20) as pool:
            states = list(pool.map(use, range(20)))
        assert sorted(states) == ["ending"] * 19 + ["pending"]

    def test_each_command_begins_once(self, flows: FlowStore) -> None:
        desks = desks_on(flows)
        for number in range(5):
            ask(desks, str(number))
        desks.change("alice", partial(desk.use, flow_id="4"))
        desks.change("alice", partial(desk.finish, flow_id="4", seconds=SECONDS))
        with ThreadPoolExecutor(8) as pool:
            begun = list(pool.map(lambda _: desks.change("alice", begin_next), range(8)))
        assert sorted(one.display_name for one in begun if one) == ["0", "1", "2", "3", "4"]

    def test_what_changes_all_the_time_is_an_error_after_a_while(self) -> None:
        flows = MemoryFlowStore()
        desks, other = desks_on(flows), desks_on(flows)

        def step(one: desk.Desk, now: float) -> tuple[desk.Desk, None]:
            other.change("alice", _count_a_card)
            return _count_a_card(one, now)

        with pytest.raises(StoreUnavailable, match="alice changes all the time"):
            desks.change("alice", step)

    def test_the_first_end_is_on_the_agenda_and_an_empty_desk_is_deleted(self, flows: FlowStore) -> None:
        desks = desks_on(flows)
        step = partial(desk.ask, flow=Flow(id="login"), command=None, seconds=0.0)
        desks.change("alice", step)
        due = flows.due([TIDY], 0.0, 0.0)
        assert due
        found = desks.read("alice")
        desks.change("alice", partial(desk.tidied, looked=found.now, deleted=frozenset()))
        assert desks.read("alice").stored is None

    def test_4000_people_who_log_in_at_once_lose_no_waiting_command(self) -> None:
        flows = MemoryFlowStore()
        desks = desks_on(flows)
        for number in range(4_000):
            flow_id, user_id = desks.new_flow_id(), f"user {number}"
            desks.index(flow_id, user_id, SECONDS)
            ask(desks, "command", user_id)
        assert all(names(desks, f"user {number}") == ["command"] for number in range(4_000))


def _count_a_card(one: desk.Desk, now: float) -> tuple[desk.Desk, None]:
    return desk.show(one, now, flow_id=None, message_id=None, seconds=SECONDS)


@pytest.mark.holds(19)
class TestSealing:
    @pytest.mark.holds(72)
    def test_what_is_on_a_desk_is_not_shown_and_what_was_changed_does_not_open(
        self, client: redis.Redis
    ) -> None:
        desks = desks_on(flow_store(client), KEY)
        ask(desks, "what-alice-said")
        step = partial(desk.show, flow_id="what-alice-said", message_id="a-message", seconds=SECONDS)
        desks.change("alice", step)
        (key,) = client.keys("bot-*-desk-alice")
        stored = client.get(key) or b""
        assert b"what-alice-said" not in stored
        assert b"a-message" not in stored
        # whoever can write to the store cannot make the bot delete its own messages
        forged = desks_on(flow_store(client))
        record = desks.read("alice").desk.model_copy(update={"waiting": ()})
        client.set(key, record.model_dump_json())
        assert forged.read("alice").desk.cards  # as it would be read without keys
        with pytest.raises(StoreUnreadable, match="is not encrypted"):
            desks_on(flow_store(client), KEY, accept_plain=False).read("alice")

    def test_a_desk_of_one_person_or_bot_does_not_open_for_another(self, client: redis.Redis) -> None:
        desks = desks_on(flow_store(client), KEY)
        ask(desks, "command")
        (key,) = client.keys("bot-*-desk-alice")
        client.set(key.replace(b"alice", b"bob"), client.get(key) or b"")
        with pytest.raises(WrongKey, match="bob"):
            desks.read("bob")
        with pytest.raises(WrongKey, match="alice"):
            Desks(flow_store(client), Records([KEY]), "otherbot", "0000").read("alice")

    def test_one_whose_key_was_taken_away_is_replaced_with_a_warning(
        self, flows: FlowStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        ask(desks_on(flows, KEY), "lost")
        for keys in ([NEW_KEY], []):
            caplog.clear()
            desks = desks_on(flows, *keys)
            ask(desks, "new")
            assert names(desks) == ["new"]
            (warning,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
            assert "replaced" in warning.message
            assert "alice" in warning.message

    def test_keys_rotate(self, flows: FlowStore) -> None:
        ask(desks_on(flows, KEY), "first")
        ask(desks_on(flows, NEW_KEY, KEY), "second")
        assert names(desks_on(flows, NEW_KEY)) == ["first", "second"]

    @pytest.mark.holds(31, 52)
    @pytest.mark.parametrize(
        "stored", ["{", "[]", '{"user_id": 7}', "{" * 50_000, '{"user_id": "bob"}', "damaged"]
    )
    def test_a_damaged_one_is_an_error_for_its_person_and_a_logout_deletes_it(
        self, flows: FlowStore, caplog: pytest.LogCaptureFixture, stored: str
    ) -> None:
        desks = desks_on(flows, KEY)
        ask(desks, "bobs", "bob")
        ask(desks, "command")
        good = desks.read("alice").stored
        assert good
        if stored == "damaged":
            record = json.loads(good)
            stored = json.dumps({**record, "sealed": record["sealed"][:-4] + "AAAA"})
        flows.swap("desk-alice", good, stored, SECONDS)
        with pytest.raises(StoreUnreadable, match="alice"):
            ask(desks, "another")
        read, _ = flows.read("desk-alice")
        assert read in (stored, stored.encode())  # nothing is overwritten
        assert "ERROR" in [one.levelname for one in caplog.records]
        assert names(desks, "bob") == ["bobs"]
        desks.clear("alice")
        ask(desks, "after")
        assert names(desks) == ["after"]


@pytest.mark.holds(44)
class TestWhoseFlow:
    def test_ids_have_128_random_bits_and_say_whose_they_are(self) -> None:
        desks = desks_on(MemoryFlowStore(), process="abcd")
        ids = {desks.new_flow_id() for _ in range(10_000)}
        assert len({one[:22] for one in ids}) == 10_000
        assert {one[22:] for one in ids} == {f"abcd{BOT}"}

    def test_it_is_the_persons_whose_it_was_made_for(self, flows: FlowStore) -> None:
        desks = desks_on(flows)
        flow_id = desks.new_flow_id()
        assert desks.owner(flow_id, SECONDS) is None
        desks.index(flow_id, "alice", SECONDS)
        for _ in range(2):
            assert desks_on(flows).owner(flow_id, SECONDS) == ("alice", False)

    @pytest.mark.parametrize("of", ["ours", "other bot", "older version", "another application"])
    def test_an_id_that_nobody_made_writes_nothing(self, client: redis.Redis, of: str) -> None:
        desks = desks_on(flow_store(client))
        flow_id = {
            "ours": desks.new_flow_id(),
            "other bot": Desks(flow_store(client), Records(), "otherbot", "0000").new_flow_id(),
            "older version": "x" * 22,
            "another application": "0123456789abcdef",
        }[of]
        assert desks.owner(flow_id, SECONDS) is None
        assert client.keys("*") == []

    @pytest.mark.holds(69)
    @pytest.mark.parametrize("put", ["text", "number", "hash", "record"])
    def test_another_applications_key_is_neither_written_nor_removed(
        self, client: redis.Redis, put: str
    ) -> None:
        key, puts = "flows-0123456789abcdef", dict[str, Callable[[], object]]()
        puts["text"] = lambda: client.set(key, "text", ex=1000)
        puts["number"] = lambda: client.set(key, 7)
        puts["hash"] = lambda: client.hset(key, "a", "b")
        puts["record"] = lambda: client.set(key, '{"user": "alice"}')
        puts[put]()
        before = client.dump(key), client.ttl(key) > 0
        is_other_type = pytest.raises(StoreUnavailable, match=key) if put == "hash" else nullcontext()
        with is_other_type:
            assert desks_on(flow_store(client)).owner("0123456789abcdef", SECONDS) is None
        assert (client.dump(key), client.ttl(key) > 0) == before
        assert client.keys("*") == [key.encode()]

    def test_an_older_versions_flow_is_taken_once(self, client: redis.Redis) -> None:
        key = "flows-0123456789abcdef"
        client.set(key, json.dumps({"user_id": "alice", "created": datetime.now(timezone.utc).isoformat()}))
        with ThreadPoolExecutor(8) as pool:
            each = [desks_on(flow_store(client)) for _ in range(8)]
            found = list(pool.map(lambda desks: desks.owner("0123456789abcdef", SECONDS), each))
        assert found.count(("alice", True)) == 1
        assert found.count(None) == 7
        assert not client.exists(key)

    def test_an_older_versions_flow_that_is_too_old_does_not_count(self, client: redis.Redis) -> None:
        created = datetime.now(timezone.utc) - timedelta(seconds=SECONDS + 1)
        client.set("flows-0123456789abcdef", json.dumps({"user_id": "alice", "created": created.isoformat()}))
        assert desks_on(flow_store(client)).owner("0123456789abcdef", SECONDS) is None

    @pytest.mark.holds(53)
    def test_an_index_sealed_for_one_flow_does_not_open_for_another(self, flows: FlowStore) -> None:
        desks = desks_on(flows, KEY)
        alices, bobs = desks.new_flow_id(), desks.new_flow_id()
        desks.index(alices, "alice", SECONDS)
        flows.swap(f"flow-{bobs}", None, _text(flows.read(f"flow-{alices}")[0]), SECONDS)
        with pytest.raises(WrongKey):
            desks.owner(bobs, SECONDS)

    def test_one_of_another_process_whose_desks_end_with_it_is_known(self) -> None:
        here, there = (desks_on(MemoryFlowStore(), process=name) for name in ("aaaa", "bbbb"))
        assert here.is_of_another_process(there.new_flow_id())
        assert not here.is_of_another_process(here.new_flow_id())
        assert not here.is_of_another_process("0123456789abcdef")


def _text(record: str | bytes | None) -> str:
    assert record
    return record.decode() if isinstance(record, bytes) else record
