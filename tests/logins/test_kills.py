"""A process is killed between any two of its steps, or others act there: what it began ends well."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.mortal import ALICE, Killed, NewWorld, Process, World
from support.wording import TEXTS

from webex_bot_auth.models import Outcome

#: more steps than any story has
MOST_STEPS = 300


def killed_at_each_step(
    new_world: NewWorld, before: Callable[[World], None], story: Callable[[World, Process], None]
) -> Iterator[World]:
    """Let a process do something and kill it before its first step, its second one, and so on.

    Yields:
        the world after each kill, and at last one in which nobody was killed
    """
    for kill_at in range(1, MOST_STEPS):
        world = new_world()
        before(world)
        process = world.start(kill_at)
        try:
            story(world, process)
        except Killed:
            yield world
        else:
            yield world
            assert kill_at > 10, "a story has more steps"
            return
    pytest.fail("the story does not end")


def asked_for_two_commands(world: World) -> None:
    bot = world.start()
    for name in ("one", "two"):
        bot.hears(name)
    world.used = world.state_on_card() or ""


def log_in_and_run(world: World, process: Process) -> None:
    process.finish(world.used)
    process.work()


def lapsed(name: str) -> str:
    return TEXTS.command_lapsed.format(command=name)


def use_new_card(world: World) -> None:
    """Alice logs in with a card that she got since, if she got one."""
    state = world.state_on_card()
    if state and state != world.used:
        assert world.start().finish(state) is Outcome.DONE


def assert_all_is_well(world: World, *commands: str) -> None:
    """Nothing is left, no command ran twice, and Alice was told of each that did not run."""
    said = world.mail.said
    assert len(set(world.ran)) == len(world.ran)
    silent = [name for name in commands if name not in world.ran and lapsed(name) not in said]
    # of one message these say which, and of all that wait with a card
    assert len(silent) <= said.count(TEXTS.interrupted) or TEXTS.login_expired in said, said
    assert world.desk().last_end() is None
    assert world.mail.cards == {}
    assert world.agendas() == []


@pytest.mark.holds(55, 75)
def test_the_end_of_a_login_and_its_commands(new_world: NewWorld) -> None:
    for world in killed_at_each_step(new_world, asked_for_two_commands, log_in_and_run):
        released = {command.id for command in world.desk().released}
        for _ in range(8):
            flow = world.desk().flow(world.used)
            if world.is_logged_in():
                assert flow
                assert flow.state in ("ending", "done")
            world.let_pass(20)
            world.start().work()
        assert released <= {*world.ran}  # what has not begun runs in the next process
        use_new_card(world)
        world.go_on()
        assert world.ran in ([], ["one"], ["two"], ["one", "two"])
        assert_all_is_well(world, "one", "two")


def test_a_process_that_starts_at_once_takes_nothing_from_one_that_died(
    new_world: NewWorld,
) -> None:
    """Another process looks before the leases of the dead one are over, and the browser asks again."""
    for world in killed_at_each_step(new_world, asked_for_two_commands, log_in_and_run):
        other = world.start()
        other.work()
        outcome = other.finish(world.used)
        assert outcome in (Outcome.DONE, Outcome.DONE_BEFORE, Outcome.UNDER_WAY)
        world.go_on(other)
        use_new_card(world)
        world.go_on(other)
        assert_all_is_well(world, "one", "two")


@pytest.mark.parametrize("seconds", [25, 70, 700])
@pytest.mark.holds(75)
def test_a_process_that_is_frozen_and_wakes_again(new_world: NewWorld, seconds: float) -> None:
    """Another one does meanwhile what is due, and takes the first one for dead where it is long."""
    for at in range(1, MOST_STEPS):
        world = new_world()
        asked_for_two_commands(world)
        process, other = world.start(), world.start()

        def freeze(step: int, at: int = at, world: World = world, other: Process = other) -> None:
            if step == at:
                world.let_pass(seconds)
                other.work()

        process.life.between = freeze
        log_in_and_run(world, process)
        assert process.life.steps < MOST_STEPS
        is_over = process.life.steps < at
        world.let_pass(61)
        other.work()
        use_new_card(world)
        world.go_on(other)
        assert_all_is_well(world, "one", "two")
        if is_over:
            assert world.ran == ["one", "two"]
            return
    pytest.fail("the story does not end")


def test_asking(new_world: NewWorld) -> None:
    def hears(_: World, process: Process) -> None:
        process.hears("one")

    for world in killed_at_each_step(new_world, World.start, hears):
        was_begun = world.flows.read("event-event one")[0] is not None
        other, noted = world.start(), {card.message_id for card in world.desk().cards}
        other.work()
        if state := world.state_on_card():  # Alice uses it at once
            assert other.finish(state) is Outcome.DONE
        world.go_on(other)
        # nobody knows the id of a card whose process was killed before it could note it: that one stays
        world.mail.cards = {one: card for one, card in world.mail.cards.items() if one in noted}
        assert world.mail.said or not was_begun  # of an event that was not claimed, another process hears
        assert_all_is_well(world, *(["one"] if was_begun else []))


def logged_in_with_all_under_way(world: World) -> None:
    """Alice has tokens, commands that a login released, a command that waits, and a card."""
    bot = world.start()
    bot.hears("released")
    bot.finish(world.state_on_card() or "")
    bot.hears("waits")
    world.used = world.state_on_card() or ""
    desk = world.desk()
    assert (len(desk.released), len(desk.waiting)) == (1, 1)
    assert world.is_logged_in()


def log_out(_: World, process: Process) -> None:
    if process.events.claim("event logout", ALICE):
        process.manager.logout(user_id=ALICE)
        process.events.end("event logout", ALICE)


@pytest.mark.holds(58)
def test_logging_out(new_world: NewWorld) -> None:
    for world in killed_at_each_step(new_world, logged_in_with_all_under_way, log_out):
        other = world.start()
        has_begun = world.desk().flows == ()
        outcome = other.finish(world.used)  # the card is open in a browser
        if has_begun:
            assert outcome is Outcome.NO_SUCH_FLOW
        was_logged_in = world.is_logged_in()
        world.go_on(other)
        assert was_logged_in or not world.is_logged_in()  # nothing brings tokens back
        if has_begun:
            assert world.ran == []
        # Alice is told, unless nobody knows of her message, or the logout was done
        if was_logged_in and has_begun:
            assert TEXTS.interrupted in world.mail.said
        other.manager.logout(user_id=ALICE)
        assert not world.is_logged_in()
        world.go_on(other)
        assert_all_is_well(world)


@pytest.mark.holds(58)
def test_a_logout_after_a_kill_ends_the_login_and_its_commands(new_world: NewWorld) -> None:
    for world in killed_at_each_step(new_world, asked_for_two_commands, log_in_and_run):
        other = world.start()
        other.manager.logout(user_id=ALICE)
        ran = list(world.ran)
        world.go_on(other)
        assert other.finish(world.used) is Outcome.NO_SUCH_FLOW
        world.go_on(other)
        assert not world.is_logged_in()
        assert world.ran == ran
        assert_all_is_well(world)


@pytest.mark.holds(46, 59)
def test_a_logout_between_two_steps_of_a_login_and_a_new_command_at_once(new_world: NewWorld) -> None:
    """The logout wins, and the new command keeps its card and runs after its login."""
    for at in range(1, MOST_STEPS):
        world, ran, new_states = new_world(), list[str](), list[str]()
        asked_for_two_commands(world)
        process, other = world.start(), world.start()

        def log_out_and_ask(
            step: int, at: int = at, world: World = world, other: Process = other,
            ran: list[str] = ran, new_states: list[str] = new_states,
        ) -> None:  # fmt: skip
            if step == at:
                other.manager.logout(user_id=ALICE)
                ran.extend(world.ran)
                other.hears("new")
                new_states.append(world.state_on_card() or "")

        process.life.between = log_out_and_ask
        log_in_and_run(world, process)
        if not new_states:
            assert at > 10
            return
        process.life.between = None
        world.let_pass(100)
        process.work()
        assert not world.is_logged_in()
        assert len(world.ran) <= len(ran) + 1  # one that had begun
        assert world.state_on_card() == new_states[0]
        assert other.finish(new_states[0]) is Outcome.DONE
        world.go_on(other)
        assert world.ran[-1] == "new"
        assert world.is_logged_in()
        assert_all_is_well(world, "new")
    pytest.fail("the story does not end")


def test_tidying(new_world: NewWorld) -> None:
    def tidy(_: World, process: Process) -> None:
        process.work()

    def expired(world: World) -> None:
        asked_for_two_commands(world)
        world.let_pass(601)

    for world in killed_at_each_step(new_world, expired, tidy):
        world.go_on()
        assert world.ran == []
        assert TEXTS.login_expired in world.mail.said
        assert_all_is_well(world, "one", "two")
