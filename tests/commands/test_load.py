"""200 messages of 20 people at once through the real client, over TLS, as the real cloud sends them."""

from __future__ import annotations

import pytest
from support.makers import Make
from support.whoami import Whoami

from webex_bot_auth.testing import WebexSandbox

pytestmark = pytest.mark.webex_sandbox(tls=True)


@pytest.mark.holds(33)
def test_200_messages_of_20_people_get_200_answers_each_with_its_own_token(
    webex_sandbox: WebexSandbox, either_manager: Make
) -> None:
    people = [webex_sandbox.add_person(f"Person {number}") for number in range(20)]
    bot = webex_sandbox.run(Whoami, manager=either_manager)
    for person in people:
        bot.log_in(person)
    asked = [(person, bot.hears(person, f"whoami {turn}")) for turn in range(10) for person in people]
    for person, question in asked:
        answer = bot.answer_to(question, lambda message, question=question: message.parent == question)
        assert answer.text == f"You are {person.display_name} {question.text.split()[1]}"
    said = [text for person in people for text in bot.said(person)]
    assert len([text for text in said if text.startswith("You are Person")]) == 200
    assert webex_sandbox.connections(bot.person) == 1


def test_an_event_that_comes_twice_runs_its_command_once(
    webex_sandbox: WebexSandbox, either_manager: Make
) -> None:
    alice = webex_sandbox.add_person("Alice Adams")
    bot = webex_sandbox.run(Whoami, manager=either_manager)
    bot.log_in(alice)
    with webex_sandbox.faults.websocket(duplicate=True):
        for turn in range(5):
            bot.answer_to(bot.hears(alice, f"whoami {turn}"), f"You are Alice Adams {turn}")
    command = next(command for command in bot.webex_bot.commands if isinstance(command, Whoami))
    assert len(command.runs) == 5
