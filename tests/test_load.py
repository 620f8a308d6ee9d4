"""200 messages of 20 people at once through the real client, over TLS, as the real cloud sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from support.makers import Make
from support.world import Whoami, world

from webex_bot_auth.sandbox import Sandbox


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    with Sandbox(tls=True) as cloud, cloud.clients():
        yield cloud


@pytest.mark.holds(33)
def test_200_messages_of_20_people_get_200_answers_each_with_its_own_token(
    cloud: Sandbox, serve: Callable[[Flask], str], either_manager: Make
) -> None:
    people = [cloud.add_person(f"Person {number}") for number in range(20)]
    with world(cloud, serve, either_manager, Whoami) as bots:
        for person in people:
            assert cloud.log_in(bots.manager.login_url(user_id=person.id), person).status_code == 200
        asked = [
            (person, cloud.say(person, bots.direct(person), f"whoami {turn}"))
            for turn in range(10)
            for person in people
        ]
        for person, question in asked:
            answer = bots.answer(question, lambda message, question=question: message.parent == question)
            assert answer.text == f"You are {person.display_name} {question.text.split()[1]}"
        answers = [
            text
            for person in people
            for text in bots.said(bots.direct(person))
            if text.startswith("You are Person")
        ]
        assert len(answers) == 200
        assert cloud.connections(bots.echo) == 1


def test_an_event_that_comes_twice_runs_its_command_once(
    cloud: Sandbox, serve: Callable[[Flask], str], either_manager: Make
) -> None:
    alice = cloud.add_person("Alice Adams")
    with world(cloud, serve, either_manager, Whoami) as bots, cloud.faults.websocket(duplicate=True):
        cloud.log_in(bots.manager.login_url(user_id=alice.id), alice)
        for turn in range(5):
            bots.answer(
                cloud.say(alice, bots.direct(alice), f"whoami {turn}"),
                lambda message, turn=turn: message.text == f"You are Alice Adams {turn}",
            )
        command = next(command for command in bots.bot.commands if isinstance(command, Whoami))
        assert len(command.runs) == 5
