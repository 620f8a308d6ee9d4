"""The guard, in front of commands of the real webex_bot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS
from webex_bot.exceptions import BotException
from webex_bot.models.command import Command

from webex_bot_auth import (
    TokenManager,
    UserTokenMixin,
    WebexBotAuthError,
    requires_user_token,
)
from webex_bot_auth.errors import OutsideGuardedCall
from webex_bot_auth.testing import WebexSandbox


@requires_user_token
class Decorated(Command):
    """A decorated class without the mixin, whose constructor has no argument for a token manager."""

    def __init__(self) -> None:
        super().__init__(command_keyword="decorated", help_message="decorated")

    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"Working for {self.user_context.user_id == attachment_actions.personId}"

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"Done for {self.user_api.people.me().display_name}"


class MethodOnly(Command):
    """A class without the mixin and with one decorated method: methods that run before it are guarded too."""

    def __init__(self, keyword: str = "method") -> None:
        super().__init__(command_keyword=keyword, help_message="method")

    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return "Working"

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"Done for {self.user_api.people.me().display_name}"


@pytest.mark.parametrize("command", [Decorated, MethodOnly])
def test_nothing_of_a_command_runs_without_a_login_and_all_of_it_after(
    webex_sandbox: WebexSandbox, either_manager: Make, command: Any
) -> None:
    bot = webex_sandbox.run(command, manager=either_manager)
    alice = webex_sandbox.add_person("Alice Adams")
    keyword = "decorated" if command is Decorated else "method"
    asked = bot.hears(alice, keyword)
    card = bot.login_card(alice)
    assert bot.said(asked.room) == [card.text]
    assert bot.press_login(card, alice).status_code == 200
    bot.answer_to(card, "Done for Alice Adams")
    assert [text for text in bot.said(asked.room) if text.startswith("Working")] != []


def test_the_card_goes_1_to_1_and_the_thread_gets_one_line(webex_sandbox: WebexSandbox) -> None:
    bot = webex_sandbox.run(Whoami)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    team = bot.group(alice, bob)
    asked = bot.hears(alice, "whoami", room=team)
    line = bot.answer_to(asked)
    assert (line.text, line.parent) == (TEXTS.look_in_direct, asked)
    card = bot.login_card(alice)
    assert card.text.endswith(TEXTS.login_without_cards.format(button=TEXTS.login_button))
    assert "http" not in card.text  # previews and mail scanners open addresses in a text
    assert bot.press_login(card, alice).status_code == 200
    done = bot.answer_to(line)
    assert (done.text, done.parent) == ("You are Alice Adams", asked)
    assert bot.said(bob) == []


@pytest.mark.holds(12)
def test_no_post_in_a_group_holds_the_link_even_if_the_private_message_fails(
    webex_sandbox: WebexSandbox,
) -> None:
    bot = webex_sandbox.run(Whoami)
    alice = webex_sandbox.add_person("Alice Adams")
    team = bot.group(alice)
    with webex_sandbox.faults.rest("/v1/messages", method="POST", status=403, times=1):
        asked = bot.hears(alice, "whoami", room=team)
        line = bot.answer_to(asked)
    assert line.text == TEXTS.cannot_write_direct
    for message in webex_sandbox.messages(team):
        assert message.card is None
        assert "authorize" not in str(message)
    assert bot.said(alice) == []


def test_with_a_login_the_guard_makes_no_call_of_its_own(
    webex_sandbox: WebexSandbox, either_manager: Make
) -> None:
    class Silent(UserTokenMixin, Command):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(command_keyword="silent", help_message="silent", **kwargs)

        @requires_user_token
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return f"{self.user_context.tokens.scope}"

    bot = webex_sandbox.run(Silent, manager=either_manager)
    alice = webex_sandbox.add_person("Alice Adams")
    bot.log_in(alice)
    webex_sandbox.calls.clear()
    assert bot.ask(alice, "silent").text == "spark:people_read"
    paths = [call.path for call in webex_sandbox.calls if call.method == "POST"]
    assert paths == ["/v1/messages"]
    assert webex_sandbox.calls.to("/v1/people/me") == []


class TestOneCall:
    def test_outside_a_guarded_call_there_is_a_clear_error(self, manager: TokenManager) -> None:
        command = Whoami(token_manager=manager)
        with pytest.raises(OutsideGuardedCall, match="belongs to one call") as caught:
            _ = command.user_context
        assert caught.value.attribute == "user_context"
        with pytest.raises(WebexBotAuthError):
            _ = command.user_api

    def test_another_thread_is_outside(self, webex_sandbox: WebexSandbox) -> None:
        errors: list[BaseException] = []

        class Spreads(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                def read() -> None:
                    try:
                        _ = self.user_context
                    except OutsideGuardedCall as error:
                        errors.append(error)

                thread = threading.Thread(target=read)
                thread.start()
                thread.join()
                return "spread"

        bot = webex_sandbox.run(Spreads)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        assert bot.ask(alice, "whoami").text == "spread"
        assert len(errors) == 1

    def test_a_generators_body_is_inside(self, webex_sandbox: WebexSandbox) -> None:
        class Yields(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
                yield f"First {self.user_api.people.me().display_name}"
                yield f"Then {self.user_api.people.me().display_name}"
                raise BotException("debug", "and an end")

        bot = webex_sandbox.run(Yields)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        asked = bot.hears(alice, "whoami")
        bot.answer_to(asked, "and an end")
        assert bot.said(asked.room)[-3:] == ["First Alice Adams", "Then Alice Adams", "and an end"]

    @pytest.mark.holds(33)
    def test_users_do_not_mix_when_many_ask_one_command_at_once(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(Whoami, manager=either_manager)
        people = [webex_sandbox.add_person(f"Person {number}") for number in range(8)]
        for person in people:
            bot.log_in(person)
        team = bot.group(*people)
        asked = [(person, bot.hears(person, "whoami", room=team)) for person in people * 3]
        for person, question in asked:
            answer = bot.answer_to(question, lambda message, question=question: message.parent == question)
            assert answer.text == f"You are {person.display_name}"


class TestInheritance:
    def test_a_subclass_does_not_lose_the_guard(self, webex_sandbox: WebexSandbox) -> None:
        class Sub(Decorated):
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"Sub, {super().execute(message, attachment_actions, activity)}"

        bot = webex_sandbox.run(Sub)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.hears(alice, "decorated")
        card = bot.login_card(alice)
        assert len(bot.said(card.room)) == 1
        bot.press_login(card, alice)
        assert bot.answer_to(card, "Sub, Done for Alice Adams")

    def test_a_token_manager_is_required(self) -> None:
        with pytest.raises(TypeError, match="token_manager"):
            Whoami()
        with pytest.raises(TypeError, match="token_manager"):
            Decorated()

    def test_it_goes_on_classes_and_methods(self) -> None:
        with pytest.raises(TypeError, match="command class or on one of its methods"):
            requires_user_token("execute")
