"""The store or Webex fails for a moment, and a process is killed: its people hear of it all the same."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from support.mortal import ALICE, NewWorld
from support.wording import TEXTS

from webex_bot_auth.errors import StoreUnavailable

EVENT = "event one"


def failing(times: int) -> Callable[[int], None]:
    """The store fails so many times, and then works again."""
    left = iter(range(times))

    def fail(_: int) -> None:
        if next(left, None) is not None:
            raise StoreUnavailable("the store", "fails")

    return fail


@pytest.mark.holds(55, 75)
def test_a_message_that_could_not_be_claimed_at_once_has_its_word_after_a_kill(new_world: NewWorld) -> None:
    world = new_world()
    process = world.start()
    process.life.between = failing(1)
    assert process.events.claim(EVENT, ALICE)
    world.go_on()
    assert world.mail.said == [TEXTS.interrupted]


@pytest.mark.holds(33, 55)
def test_a_message_that_cannot_be_claimed_is_named_in_the_log_and_not_handled_again(
    new_world: NewWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = new_world()
    process = world.start()
    process.life.between = failing(2)
    assert process.events.claim(EVENT, ALICE)
    assert any(EVENT in one.getMessage() for one in caplog.records if one.levelno == logging.ERROR)
    process.events.end(EVENT, ALICE)
    assert not world.start().events.claim(EVENT, ALICE)


@pytest.mark.holds(55, 75)
def test_who_cannot_be_told_of_a_kill_at_the_moment_is_told_later(
    new_world: NewWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = new_world()
    world.start().events.claim(EVENT, ALICE)
    world.mail.is_down = True
    world.let_pass(31)
    process = world.start()
    process.work()
    assert any(EVENT in one.getMessage() for one in caplog.records if one.levelno == logging.ERROR)
    world.mail.is_down = False
    world.go_on(process)
    assert world.mail.said == [TEXTS.interrupted]


@pytest.mark.holds(55)
def test_who_cannot_be_told_at_the_moment_that_a_card_has_expired_is_told_later(new_world: NewWorld) -> None:
    world = new_world()
    process = world.start()
    process.hears("one")
    world.mail.said.clear()
    world.mail.is_down = True
    world.let_pass(601)
    process.work()
    world.mail.is_down = False
    world.go_on(process)
    assert world.mail.said == [TEXTS.login_expired]
    assert world.desk().waiting == ()


@pytest.mark.holds(55)
def test_a_command_whose_author_cannot_be_told_that_it_lapsed_is_named_in_the_log(
    new_world: NewWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = new_world()
    process = world.start()
    process.hears("one")
    process.finish(world.state_on_card() or "")
    world.mail.is_down = True
    world.let_pass(601)
    process.manager.ending.tidying.tidy(ALICE)
    assert any("one" in one.getMessage() for one in caplog.records if one.levelno == logging.ERROR)
