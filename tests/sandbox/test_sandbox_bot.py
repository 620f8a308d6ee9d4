"""The unmodified webex_bot works with the sandbox."""

from __future__ import annotations

import pytest
import websockets
from sandbox_world import World, make_bot

from webex_bot_auth.sandbox import NoSuchMessageError, Sandbox, open_url


def test_answers_one_to_one_in_the_thread_of_the_question(running: World) -> None:
    asked = running.cloud.say(running.alice, running.direct, "hi there")
    answer = running.cloud.wait_for_message(running.direct, person=running.bot, after=asked)
    assert answer.text == "hello alice.adams@example.com, you said there"
    assert answer.parent == asked


def test_in_a_group_receives_only_what_mentions_it(running: World) -> None:
    cloud, team = running.cloud, running.team
    cloud.say(running.alice, team, "hi nobody")
    asked = cloud.say(running.bob, team, "hi bot", to=running.bot)
    answer = cloud.wait_for_message(team, person=running.bot)
    assert asked.text == "Echo Bot hi bot"
    assert asked.mentioned == (running.bot,)
    assert answer.text.startswith("hello bob.brown@example.com")
    assert answer.parent == asked


def test_an_at_sign_mentions_too_and_is_removed(running: World) -> None:
    asked = running.cloud.say(running.alice, running.team, "@echo bot hi")
    assert asked.text == "Echo Bot hi"
    assert running.cloud.wait_for_message(running.team, person=running.bot).parent == asked


def test_a_reply_in_a_thread_is_answered_in_that_thread(running: World) -> None:
    cloud = running.cloud
    first = cloud.say(running.bob, running.team, "look at this")
    asked = cloud.say(running.alice, running.team, "hi", to=running.bot, parent=first)
    assert cloud.wait_for_message(running.team, person=running.bot, after=asked).parent == first


def test_a_submitted_card_comes_back_with_its_inputs_and_who_pressed_it(running: World) -> None:
    cloud = running.cloud
    asked = cloud.say(running.alice, running.team, "form", to=running.bot)
    form = cloud.wait_for_message(running.team, person=running.bot, after=asked)
    assert open_url(form.card or {}) == "https://example.com/?a=1&b=2"
    action = cloud.submit(running.bob, form, {"what": "a pear"})
    assert action.inputs == {"what": "a pear", "callback_keyword": "form_filled"}
    answer = cloud.wait_for_message(running.team, person=running.bot, after=form)
    assert answer.text == "bob.brown@example.com filled in a pear"


def test_a_button_that_does_not_exist_cannot_be_pressed(running: World) -> None:
    asked = running.cloud.say(running.alice, running.direct, "form")
    form = running.cloud.wait_for_message(running.direct, person=running.bot, after=asked)
    with pytest.raises(LookupError, match="Send"):
        running.cloud.submit(running.alice, form, action="Burn")


def test_over_tls_many_messages_at_once_are_delivered_before_any_is_acknowledged() -> None:
    with Sandbox(tls=True) as cloud, cloud.clients():
        account = cloud.add_bot("Echo Bot")
        rooms = [cloud.direct(cloud.add_person(f"Person {number}"), account) for number in range(20)]
        bot = make_bot(account.token)
        bot._ack_message = lambda message_id: None
        with cloud.run_bot(bot):
            asked = {
                cloud.say(room.people[0], room, f"hi {number}") for number in range(10) for room in rooms
            }
            for message in asked:
                cloud.wait_for_message(
                    message.room, person=account, where=lambda one, m=message: one.parent == m, timeout=120
                )


def test_reconnects_and_receives_again_only_what_it_did_not_acknowledge(running: World) -> None:
    cloud = running.cloud
    first = cloud.say(running.alice, running.direct, "hi first")
    cloud.wait_for_message(running.direct, person=running.bot, after=first)
    with cloud.faults.websocket(drop=True, times=1) as fault:
        second = cloud.say(running.alice, running.direct, "hi again")
        cloud.wait_for_message(running.direct, person=running.bot, after=second, timeout=20)
    third = cloud.say(running.alice, running.direct, "hi at last")
    cloud.wait_for_message(running.direct, person=running.bot, after=third)
    answered = [message.parent for message in cloud.messages(running.direct) if message.parent]
    assert fault.seen == 1
    assert answered == [first, second, third]


def test_an_event_delivered_twice_runs_its_command_twice(running: World) -> None:
    cloud = running.cloud
    with cloud.faults.websocket(duplicate=True, times=1):
        asked = cloud.say(running.alice, running.direct, "hi")
        first = cloud.wait_for_message(running.direct, person=running.bot, after=asked)
        second = cloud.wait_for_message(running.direct, person=running.bot, after=first)
    assert first.text == second.text


def test_a_refused_handshake_ends_the_bot_and_says_so(world: World) -> None:
    with (
        world.cloud.faults.websocket(refuse=503),
        pytest.raises(websockets.exceptions.InvalidStatus, match="503"),
        world.cloud.run_bot(make_bot(world.bot.token)),
    ):
        pytest.fail("the bot cannot be connected")


def test_a_wrong_token_is_refused(cloud: Sandbox) -> None:
    with pytest.raises(Exception, match="Unauthorized access"):
        make_bot("no-such-token")


def test_waiting_in_vain_lists_the_messages_that_came_instead(world: World) -> None:
    first = world.cloud.say(world.alice, world.direct, "good morning")
    world.cloud.say(world.alice, world.direct, "anybody?")
    with pytest.raises(NoSuchMessageError, match=r"Alice Adams in a 1:1: 'anybody\?'") as caught:
        world.cloud.wait_for_message(world.direct, person=world.bot, after=first, timeout=0.01)
    assert "good morning" not in str(caught.value)
