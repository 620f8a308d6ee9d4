"""What can happen to a login: the pure functions of the desk, without a store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from webex_bot_auth.logins import desk
from webex_bot_auth.logins.desk import (
    CARD_SECONDS,
    END_SECONDS,
    MAX_LOGIN_CARDS,
    MAX_NOTICES,
    MAX_PENDING_FLOWS,
    MAX_WAITING_COMMANDS,
    POINT_SECONDS,
    RELEASED_SECONDS,
    TIDY_SECONDS,
    Desk,
    Finished,
    Flow,
    WaitingCommand,
)

EMPTY = Desk(user_id="alice")
#: how long a login may take
SECONDS = 600.0
NOW = 1_000.0


def command(name: str, **values: Any) -> WaitingCommand:
    return WaitingCommand(user_id="alice", kind="message", id=name, display_name=name, activity={}, **values)


def asked(*names: str, start: Desk = EMPTY, now: float = NOW, seconds: float = SECONDS) -> Desk:
    """A desk after somebody has sent these commands, for each of which a login of its name began."""
    for name in names:
        start, _ = desk.ask(start, now, flow=Flow(id=name), command=command(name), seconds=seconds)
    return start


def shown(
    start: Desk, flow_id: str | None, message_id: str | None, now: float = NOW, seconds: float = SECONDS
) -> Desk:
    return desk.show(start, now, flow_id=flow_id, message_id=message_id, seconds=seconds)[0]


def used(start: Desk, flow_id: str, now: float = NOW) -> Desk:
    return desk.use(start, now, flow_id=flow_id)[0]


def finished(start: Desk, flow_id: str, now: float = NOW) -> Desk:
    return desk.finish(used(start, flow_id, now), now, flow_id=flow_id, seconds=SECONDS)[0]


def ids(parts: Any) -> list[str]:
    return [getattr(part, "message_id", None) or part.id for part in parts]


def states(of: Desk) -> dict[str, str]:
    return {flow.id: flow.state for flow in of.flows}


class TestAsking:
    def test_what_is_asked_for_bears_its_end_by_the_stores_time(self) -> None:
        after = asked("a")
        (flow,), (waiting,) = after.flows, after.waiting
        for part in (flow, waiting):
            assert (part.since, part.ends) == (NOW, NOW + SECONDS)
        assert flow.state == "pending"
        assert after.first_end() == after.last_end() == NOW + SECONDS

    def test_the_desk_that_was_given_is_not_changed(self) -> None:
        before = asked("a")
        copy = before.model_copy(deep=True)
        asked("b", start=before)
        assert before == copy

    def test_of_pending_logins_the_oldest_are_dropped(self) -> None:
        names = [str(number) for number in range(MAX_PENDING_FLOWS + 3)]
        assert ids(asked(*names).flows) == names[3:]

    def test_a_login_that_is_ending_or_has_ended_takes_no_place_of_a_pending_one(self) -> None:
        start = used(finished(asked("done", "ending"), "done"), "ending")
        names = [str(number) for number in range(MAX_PENDING_FLOWS)]
        assert ids(asked(*names, start=start).flows) == ["done", "ending", *names]

    def test_an_expired_login_goes_when_the_next_one_begins(self) -> None:
        assert ids(asked("b", start=asked("a"), now=NOW + SECONDS).flows) == ["b"]

    def test_of_waiting_commands_the_oldest_are_dropped_and_named(self) -> None:
        names = [str(number) for number in range(MAX_WAITING_COMMANDS)]
        start = asked(*names)
        after, told = desk.ask(start, NOW, flow=None, command=command("next"), seconds=SECONDS)
        assert ids(after.waiting) == [*names[1:], "next"]
        assert (ids(told.dropped), told.notices) == (["0"], 0)
        _, told = desk.ask(after, NOW, flow=None, command=command("last"), seconds=SECONDS)
        assert (ids(told.dropped), told.notices) == (["1"], 1)

    def test_notices_are_counted_up_to_their_cap(self) -> None:
        start = EMPTY
        for number in range(MAX_WAITING_COMMANDS + 3 * MAX_NOTICES):
            start, told = desk.ask(start, NOW, flow=None, command=command(str(number)), seconds=SECONDS)
        assert start.notices == told.notices == MAX_NOTICES

    def test_a_command_that_was_edited_takes_the_place_of_the_earlier_one(self) -> None:
        edited = command("a").model_copy(update={"display_name": "edited"})
        start = asked("a", "b")
        after, told = desk.ask(start, NOW + 1, flow=None, command=edited, seconds=SECONDS)
        assert [one.display_name for one in after.waiting] == ["b", "edited"]
        assert after.waiting[-1].ends == NOW + 1 + SECONDS
        assert told.dropped == ()

    def test_a_message_and_a_card_with_one_id_are_two_commands(self) -> None:
        card = command("a").model_copy(update={"kind": "card"})
        assert not card.is_same(command("a"))
        after, _ = desk.ask(asked("a"), NOW, flow=None, command=card, seconds=SECONDS)
        assert [one.kind for one in after.waiting] == ["message", "card"]

    def test_a_login_without_a_command_leaves_those_that_wait(self) -> None:
        after, _ = desk.ask(asked("a"), NOW, flow=Flow(id="b"), command=None, seconds=SECONDS)
        assert (ids(after.flows), ids(after.waiting)) == (["a", "b"], ["a"])

    def test_it_is_taken_back_where_no_card_was_delivered_and_others_go_on_waiting(self) -> None:
        start = asked("a", "b")
        after, _ = desk.take_back(start, NOW, flow_id="b", command=command("b"))
        assert (ids(after.flows), ids(after.waiting)) == (["a"], ["a"])
        after, _ = desk.take_back(start, NOW, flow_id="b", command=None)
        assert (ids(after.flows), ids(after.waiting)) == (["a"], ["a", "b"])


class TestCards:
    def test_cards_are_counted_when_they_were_delivered_and_not_before(self) -> None:
        start = asked(*"abcdefghijkl")
        assert (start.sent, start.has_had_enough(NOW)) == (0, False)
        for number in range(MAX_LOGIN_CARDS):
            assert not start.has_had_enough(NOW)
            start = shown(start, "l", str(number))
        assert start.sent == MAX_LOGIN_CARDS
        assert start.has_had_enough(NOW + SECONDS - 1)
        assert not start.has_had_enough(NOW + SECONDS)

    def test_counts_begin_again_after_the_lifetime_of_a_login(self) -> None:
        start = shown(asked("a"), "a", "card").model_copy(update={"notices": 3, "pointed": NOW})
        within = asked("b", start=start, now=NOW + SECONDS - 1)
        assert (within.sent, within.notices, within.count_ends) == (1, 3, NOW + SECONDS)
        later = asked("b", start=start, now=NOW + SECONDS)
        assert (later.sent, later.notices, later.pointed) == (0, 0, 0.0)
        assert later.count_ends == NOW + 2 * SECONDS

    def test_a_newer_card_takes_the_place_of_the_earlier_one(self) -> None:
        after = shown(shown(asked("a", "b"), "a", "first"), "b", "second", NOW + 1)
        first, second = after.cards
        assert (first.is_over, first.ends) == (True, NOW + 1 + TIDY_SECONDS)
        assert (second.is_over, second.ends) == (False, NOW + SECONDS)  # as its login

    def test_a_card_that_is_over_keeps_its_end(self) -> None:
        start = shown(shown(asked("a"), "a", "first"), "a", "second", NOW + 1)
        assert shown(start, "a", "third", NOW + 5).cards[0].ends == NOW + 1 + TIDY_SECONDS

    @pytest.mark.parametrize("how", ["done", "failed", "gone", "ending"])
    def test_the_card_of_a_person_who_was_quick_is_over_and_leaves_the_newer_one(self, how: str) -> None:
        start = shown(asked("quick", "newer"), "newer", "newer card")
        start = used(start, "quick")
        if how == "failed":
            start, _ = desk.fail(start, NOW, flow_id="quick", give_up=False, seconds=SECONDS)
        elif how == "done":
            start, _ = desk.finish(start, NOW, flow_id="quick", seconds=SECONDS)
            start = start.model_copy(update={"cards": shown(EMPTY, None, "newer card").cards})
        elif how == "gone":
            start, _ = desk.take_back(start, NOW, flow_id="quick", command=None)
        after = shown(start, "quick", "late card")
        assert [(card.message_id, card.is_over) for card in after.cards] == [
            ("newer card", False),
            ("late card", True),
        ]

    def test_a_card_whose_id_webex_did_not_say_is_counted_and_ends_those_that_are_there(self) -> None:
        after = shown(shown(asked("a", "b"), "a", "first"), "b", None)
        assert (after.sent, [card.is_over for card in after.cards]) == (2, [True])
        quick = shown(used(asked("a"), "a"), "a", None)
        assert (quick.sent, quick.cards) == (1, ())

    def test_a_command_is_pointed_at_the_card_once_and_login_each_time_but_for_a_flood(self) -> None:
        start, is_told = desk.point_at_card(asked("a"), NOW, is_command=True)
        assert is_told
        assert desk.point_at_card(start, NOW + 100, is_command=True) == (start, False)
        assert desk.point_at_card(start, NOW + POINT_SECONDS - 1, is_command=False) == (start, False)
        later, is_told = desk.point_at_card(start, NOW + POINT_SECONDS, is_command=False)
        assert is_told
        assert desk.point_at_card(later, NOW + POINT_SECONDS + 1, is_command=False)[1] is False


class TestUsing:
    def test_a_login_is_used_once(self) -> None:
        after, flow = desk.use(asked("a"), NOW + 1, flow_id="a")
        assert flow
        assert flow.state == "pending"
        (ending,) = after.flows
        assert (ending.state, ending.ends) == ("ending", NOW + 1 + END_SECONDS)
        again, flow = desk.use(after, NOW + 2, flow_id="a")
        assert again is after
        assert flow
        assert flow.state == "ending"

    @pytest.mark.parametrize(("flow_id", "now"), [("b", NOW), ("a", NOW + SECONDS)], ids=["none", "expired"])
    def test_one_that_is_not_there_or_has_expired_is_not_used(self, flow_id: str, now: float) -> None:
        start = asked("a")
        assert desk.use(start, now, flow_id=flow_id) == (start, None)

    def test_it_keeps_the_verifier_for_the_exchange(self) -> None:
        start, _ = desk.ask(EMPTY, NOW, flow=Flow(id="a", verifier="v"), command=None, seconds=SECONDS)
        _, flow = desk.use(start, NOW, flow_id="a")
        assert flow
        assert flow.verifier == "v"

    def test_what_waits_does_not_lapse_while_the_login_ends(self) -> None:
        start = shown(asked("a"), "a", "card", NOW)
        late = NOW + SECONDS - 1
        after = used(start, "a", late)
        assert after.waiting[0].ends == after.cards[0].ends == late + END_SECONDS
        early = used(start, "a", NOW)  # it ends in time: nothing is cut short
        assert early.waiting[0].ends == early.cards[0].ends == NOW + SECONDS

    def test_what_has_lapsed_before_stays_so(self) -> None:
        start = shown(asked("a", seconds=10), "a", "card", seconds=10)
        start = shown(asked("b", start=start, now=NOW + 5), "b", None, NOW + 5)
        after = used(start, "b", NOW + 20)
        assert (after.waiting[0].ends, after.cards[0].ends) == (NOW + 10, NOW + 5 + TIDY_SECONDS)

    def test_a_login_that_is_ending_has_a_reminder_of_its_own(self) -> None:
        assert used(asked("a"), "a").first_end() == NOW + SECONDS  # the command's
        flow_alone, _ = desk.ask(EMPTY, NOW, flow=Flow(id="a"), command=None, seconds=SECONDS)
        assert used(flow_alone, "a").first_end() is None
        assert used(flow_alone, "a").last_end() == NOW + END_SECONDS


class TestFinishing:
    def test_what_waits_is_released_in_its_order_and_the_card_is_over(self) -> None:
        start = used(shown(asked("a", "b"), "b", "card"), "a")
        after, told = desk.finish(start, NOW + 1, flow_id="a", seconds=SECONDS)
        assert told is not None
        assert (ids(told.commands), told.lapsed) == (["a", "b"], ())
        assert (after.waiting, ids(after.released)) == ((), ["a", "b"])
        assert states(after) == {"b": "pending", "a": "done"} or states(after) == {
            "a": "done",
            "b": "pending",
        }
        assert [(card.is_over, card.ends) for card in after.cards] == [(True, NOW + 1 + TIDY_SECONDS)]
        assert {one.ends for one in after.released} == {NOW + 1 + RELEASED_SECONDS}
        assert (after.sent, after.notices) == (0, 0)

    def test_what_was_released_before_runs_first(self) -> None:
        start = asked("b", start=finished(asked("a"), "a"))
        assert ids(finished(start, "b").released) == ["a", "b"]

    def test_what_has_lapsed_is_named_and_does_not_run(self) -> None:
        start = used(asked("b", start=asked("a", seconds=10), now=NOW + 5), "b", NOW + 20)
        after, told = desk.finish(start, NOW + 21, flow_id="b", seconds=SECONDS)
        assert told is not None
        assert (ids(told.commands), ids(told.lapsed)) == (["b"], ["a"])
        assert ids(after.released) == ["b"]

    def test_a_login_that_ended_keeps_no_secret_and_is_remembered_for_its_page(self) -> None:
        flow = Flow(id="a", verifier="v", device_code="d")
        start, _ = desk.ask(EMPTY, NOW, flow=flow, command=None, seconds=SECONDS)
        for end in (
            desk.finish(used(start, "a"), NOW, flow_id="a", seconds=SECONDS)[0],
            desk.fail(used(start, "a"), NOW, flow_id="a", give_up=False, seconds=SECONDS)[0],
        ):
            (flow,) = end.flows
            assert (flow.verifier, flow.device_code, flow.ends) == (None, None, NOW + SECONDS)
        (short,) = desk.finish(used(start, "a"), NOW, flow_id="a", seconds=1)[0].flows
        assert short.ends == NOW + 2 * END_SECONDS  # longer than the reminder of its end

    def test_a_login_that_is_not_there_any_more_is_not_finished(self) -> None:
        start, _ = desk.log_out(used(asked("a"), "a"), NOW)
        assert desk.finish(start, NOW, flow_id="a", seconds=SECONDS) == (start, None)

    @pytest.mark.parametrize("state", ["pending", "failed"])
    def test_a_login_that_is_not_ending_is_not_finished(self, state: str) -> None:
        start = asked("a")
        if state == "failed":
            start, _ = desk.fail(used(start, "a"), NOW, flow_id="a", give_up=True, seconds=SECONDS)
        assert desk.finish(start, NOW, flow_id="a", seconds=SECONDS) == (start, None)

    def test_a_login_that_another_process_finished_releases_nothing_more(self) -> None:
        start = asked("later", start=finished(asked("a"), "a"))
        assert desk.finish(start, NOW, flow_id="a", seconds=SECONDS) == (start, Finished((), ()))


class TestFailing:
    def test_nothing_waits_any_longer_where_the_person_gave_up(self) -> None:
        start = used(shown(asked("a", "b"), "b", "card"), "a")
        after, is_told = desk.fail(start, NOW, flow_id="a", give_up=True, seconds=SECONDS)
        assert is_told
        assert (after.waiting, after.sent, after.cards[0].is_over) == ((), 0, True)
        assert states(after)["a"] == "failed"

    def test_otherwise_it_waits_for_the_next_login(self) -> None:
        start = used(shown(asked("a"), "a", "card"), "a")
        after, _ = desk.fail(start, NOW, flow_id="a", give_up=False, seconds=SECONDS)
        assert (ids(after.waiting), after.sent, after.cards[0].is_over) == (["a"], 1, False)

    def test_a_login_that_has_ended_or_is_gone_does_not_fail_again(self) -> None:
        for start in (asked("a"), finished(asked("a"), "a"), EMPTY):
            assert desk.fail(start, NOW, flow_id="a", give_up=True, seconds=SECONDS) == (start, None)

    def test_a_login_is_asked_about_less_often(self) -> None:
        after, _ = desk.slow_down(asked("a", "b"), NOW, flow_id="b", interval=7.0)
        assert [flow.interval for flow in after.flows] == [0.0, 7.0]


class TestLoggingOut:
    def test_nothing_that_is_under_way_counts_any_more_but_the_cards_have_to_go(self) -> None:
        start = finished(asked("a", "b"), "a")
        start = used(shown(asked("c", "d", start=start), "d", "card"), "c")
        assert start.released
        assert start.waiting
        after, _ = desk.log_out(start, NOW + 1)
        assert (after.flows, after.waiting, after.released) == ((), (), ())
        assert [(card.is_over, card.ends) for card in after.cards] == [(True, NOW + 1 + TIDY_SECONDS)]
        assert (after.sent, after.notices, after.pointed, after.count_ends) == (0, 0, 0.0, 0.0)

    def test_what_was_begun_after_the_logout_stays(self) -> None:
        start = shown(finished(asked("a", "b"), "a"), "b", "earlier")
        start = asked("c", start=start, now=NOW + 10)
        start = shown(start, "c", "later", NOW + 10)
        after, _ = desk.log_out(start, NOW + 20, before=NOW + 5)
        assert (ids(after.flows), ids(after.waiting), after.released) == (["c"], ["c"], ())
        assert [(card.message_id, card.is_over) for card in after.cards] == [
            ("earlier", True),
            ("later", False),
        ]


class TestRunning:
    def test_commands_leave_the_desk_in_their_order(self) -> None:
        start = finished(asked("a", "b"), "a")
        start, first = desk.begin_next(start, NOW)
        start, second = desk.begin_next(start, NOW)
        assert first
        assert second
        assert ids([first, second]) == ["a", "b"]
        assert desk.begin_next(start, NOW) == (start, None)

    def test_one_that_is_too_late_stays_for_its_author_to_be_told(self) -> None:
        start = asked("b", start=finished(asked("a"), "a"), now=NOW + 10)
        start = finished(start, "b", NOW + 10)
        after, begun = desk.begin_next(start, NOW + RELEASED_SECONDS + 5)
        assert begun
        assert (begun.id, ids(after.released)) == ("b", ["a"])
        assert ids(desk.untidy(after, NOW + RELEASED_SECONDS + 5).lapsed) == ["a"]


class TestTidying:
    def test_nothing_is_over_before_its_end(self) -> None:
        start = shown(asked("a"), "a", "card")
        for all_over in (True, False):
            assert desk.untidy(start, NOW + SECONDS - 1, all_over=all_over) == ((), False, ())
        after, _ = desk.tidied(start, NOW + 1, looked=NOW + 1, deleted=frozenset())
        assert after == start

    def test_of_a_card_that_expires_its_message_tells_and_not_one_for_each_command(self) -> None:
        start = shown(asked("a"), "a", "card")
        over = desk.untidy(start, NOW + SECONDS)
        assert (ids(over.cards), over.is_expired, over.lapsed) == (["card"], True, ())
        after, _ = desk.tidied(start, NOW + SECONDS, looked=NOW + SECONDS, deleted=frozenset(["card"]))
        assert after == EMPTY
        assert after.last_end() is None

    def test_a_command_that_expires_without_a_card_is_named(self) -> None:
        over = desk.untidy(asked("a"), NOW + SECONDS)
        assert (over.cards, over.is_expired, ids(over.lapsed)) == ((), False, ["a"])

    def test_a_card_that_is_over_goes_after_a_while_or_at_once_where_that_is_asked_for(self) -> None:
        start = shown(finished(shown(asked("a"), "a", "card"), "a"), "b", None)
        assert desk.untidy(start, NOW + 1) == ((), False, ())
        for over in (desk.untidy(start, NOW + TIDY_SECONDS), desk.untidy(start, NOW + 1, all_over=True)):
            assert (ids(over.cards), over.is_expired) == (["card"], False)

    def test_a_card_that_could_not_be_deleted_is_tried_again_for_a_while(self) -> None:
        start = finished(shown(asked("a"), "a", "card"), "a")
        looked = NOW + TIDY_SECONDS
        after, _ = desk.tidied(start, looked, looked=looked, deleted=frozenset())
        assert ids(after.cards) == ["card"]
        looked += CARD_SECONDS
        after, _ = desk.tidied(start, looked, looked=looked, deleted=frozenset())
        assert after.cards == ()

    def test_what_ended_after_the_look_stays(self) -> None:
        start = asked("b", start=asked("a", seconds=10), seconds=20)
        after, _ = desk.tidied(start, NOW + 30, looked=NOW + 15, deleted=frozenset())
        assert (ids(after.flows), ids(after.waiting)) == (["b"], ["b"])

    def test_a_login_that_is_ending_is_left_to_the_look_at_its_end(self) -> None:
        start = used(asked("a"), "a")
        late = NOW + 10 * SECONDS
        after, _ = desk.tidied(start, late, looked=late, deleted=frozenset())
        assert states(after) == {"a": "ending"}

    def test_counts_are_dropped_when_they_have_ended(self) -> None:
        start = shown(asked("a"), "a", None)
        assert desk.tidied(start, NOW, looked=NOW, deleted=frozenset())[0].sent == 1
        late = NOW + SECONDS
        assert desk.tidied(start, late, looked=late, deleted=frozenset())[0] == EMPTY


def test_a_desk_shows_no_secret() -> None:
    flow = Flow(id="the-state", verifier="the-verifier", device_code="the-device-code")
    start, _ = desk.ask(
        EMPTY,
        NOW,
        flow=flow,
        seconds=SECONDS,
        command=command("a").model_copy(update={"activity": {"x": "the-text"}}),
    )
    for secret in ("the-state", "the-verifier", "the-device-code", "the-text"):
        assert secret not in f"{start!r}{start}"


FLOW_IDS = [f"flow {number}" for number in range(8)]
flow_ids = st.sampled_from(FLOW_IDS)


class CommandsAreNeverLost(RuleBasedStateMachine):
    """Whatever happens in whatever order: a command is in one place, or was told of, or its person left."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.now = EMPTY, NOW
        self.sent = 0
        self.gone = dict[str, str]()  # commands that are not on the desk any more, and why

    def leave(self, commands: Any, why: str) -> None:
        for one in commands:
            assert one.id not in self.gone, f"{one.id}: {self.gone[one.id]}, and then {why}"
            self.gone[one.id] = why

    @rule(seconds=st.sampled_from([0.0, 1.0, TIDY_SECONDS, END_SECONDS, SECONDS / 2, SECONDS]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(flow_id=st.none() | flow_ids, is_delivered=st.booleans())
    def send(self, flow_id: str | None, is_delivered: bool) -> None:
        self.sent += 1
        sent = command(str(self.sent))
        flow = Flow(id=flow_id) if flow_id and self.desk.flow(flow_id) is None else None
        self.desk, told = desk.ask(self.desk, self.now, flow=flow, command=sent, seconds=SECONDS)
        self.leave(told.dropped, "dropped")
        if flow is not None and is_delivered:
            self.desk = shown(self.desk, flow.id, f"card {self.sent}", self.now)
        elif flow is not None:
            self.desk, _ = desk.take_back(self.desk, self.now, flow_id=flow.id, command=sent)
            self.leave([sent], "its author was told")

    @rule(flow_id=flow_ids)
    def use(self, flow_id: str) -> None:
        self.desk = used(self.desk, flow_id, self.now)

    @rule(flow_id=flow_ids)
    def finish(self, flow_id: str) -> None:
        before = self.desk.waiting
        self.desk, told = desk.finish(self.desk, self.now, flow_id=flow_id, seconds=SECONDS)
        if told is not None and told.commands + told.lapsed:
            assert sorted(ids(told.commands + told.lapsed)) == sorted(ids(before))
            self.leave(told.lapsed, "lapsed")

    @rule(flow_id=flow_ids, give_up=st.booleans())
    def fail(self, flow_id: str, give_up: bool) -> None:
        before = self.desk.waiting
        self.desk, is_told = desk.fail(self.desk, self.now, flow_id=flow_id, give_up=give_up, seconds=SECONDS)
        if is_told and give_up:
            self.leave(before, "refused")

    @rule()
    def log_out(self) -> None:
        self.leave(self.desk.waiting + self.desk.released, "logged out")
        self.desk, _ = desk.log_out(self.desk, self.now)
        assert self.desk.flows == ()

    @rule()
    @precondition(lambda self: self.desk.released)
    def begin(self) -> None:
        self.desk, begun = desk.begin_next(self.desk, self.now)
        self.leave([begun] if begun else [], "begun")

    @rule(is_deleted=st.booleans())
    def tidy(self, is_deleted: bool) -> None:
        over = desk.untidy(self.desk, self.now)
        if over.is_expired and not is_deleted:
            return  # as the caller does: all of it waits for the deletion of the card
        deleted = frozenset(card.message_id for card in over.cards if is_deleted)
        before = self.desk.waiting
        self.desk, _ = desk.tidied(self.desk, self.now, looked=self.now, deleted=deleted)
        self.leave(over.lapsed, "lapsed")
        if over.is_expired:
            self.leave([one for one in before if one not in self.desk.waiting], "the card has expired")

    @invariant()
    def each_is_in_one_place(self) -> None:
        here = ids(self.desk.waiting + self.desk.released)
        assert len(set(here)) == len(here)
        assert sorted([*here, *self.gone], key=int) == [str(number + 1) for number in range(self.sent)]

    @invariant()
    def there_is_no_more_than_the_caps_allow(self) -> None:
        assert len(self.desk.waiting) <= MAX_WAITING_COMMANDS
        assert len([flow for flow in self.desk.flows if flow.state == "pending"]) <= MAX_PENDING_FLOWS
        assert len([card for card in self.desk.cards if not card.is_over]) <= 1

    @invariant()
    def whatever_is_there_has_its_end_on_the_agenda(self) -> None:
        is_ending = any(flow.state == "ending" for flow in self.desk.flows)
        assert (self.desk.last_end() is None) == (self.desk.first_end() is None and not is_ending)


TestCommandsAreNeverLost = CommandsAreNeverLost.TestCase
TestCommandsAreNeverLost.settings = settings(max_examples=150, stateful_step_count=40)
