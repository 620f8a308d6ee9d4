"""The guard, in front of commands of the real webex_bot."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from support.makers import Make
from support.redis_server import RedisServer
from support.whoami import LOOK_IN_DIRECT, Whoami
from webex_bot.exceptions import BotException
from webex_bot.models.command import Command

from webex_bot_auth import (
    RedisTokenManager,
    TokenManager,
    UserTokenMixin,
    WebexBotAuthError,
    requires_user_token,
)
from webex_bot_auth.errors import OutsideGuardedCall
from webex_bot_auth.sandbox import open_url
from webex_bot_auth.testing import WebexSandbox


@requires_user_token
class Decorated(Command):
    """A whole class, without the mixin, whose constructor knows nothing of token managers."""

    def __init__(self) -> None:
        super().__init__(command_keyword="decorated", help_message="decorated")

    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"Working for {self.user_context.user_id == attachment_actions.personId}"

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return f"Done for {self.user_api.people.me().display_name}"


class MethodOnly(Command):
    """One method, without the mixin: what comes before it is guarded all the same."""

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
    assert (line.text, line.parent) == (LOOK_IN_DIRECT, asked)
    card = bot.login_card(alice)
    assert "press “Log in with Webex”" in card.text
    assert "http" not in card.text  # previews and mail scanners open what stands in text
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
    assert "could not send you a private message" in line.text
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


class TestScopes:
    @staticmethod
    def spaces(**kwargs: Any) -> Command:
        @requires_user_token(scopes=["spark:rooms_read"])
        class Spaces(UserTokenMixin, Command):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(command_keyword="spaces", help_message="spaces", **kwargs)

            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"{len(list(self.user_api.rooms.list()))} spaces"

        return Spaces(**kwargs)

    def test_who_has_granted_too_little_is_asked_for_the_union(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, self.spaces, manager=either_manager, scopes=["spark:people_read", "spark:rooms_read"]
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice, scopes=["spark:people_read"])
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"
        card = bot.login_card(alice, after=bot.hears(alice, "spaces"))
        assert "scope=spark%3Arooms_read+spark%3Apeople_read&" in open_url(card.card)
        assert bot.press_login(card, alice).status_code == 200
        assert bot.answer_to(card, lambda message: "spaces" in message.text and "run" not in message.text)
        assert bot.ask(alice, "spaces").text == "1 spaces"

    def test_who_refuses_more_keeps_what_was_granted(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, self.spaces, manager=either_manager, scopes=["spark:people_read", "spark:rooms_read"]
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice, scopes=["spark:people_read"])
        card = bot.login_card(alice, after=bot.hears(alice, "spaces"))
        assert bot.press_login(card, alice, deny=True).status_code == 403
        assert "did not give the permission" in bot.answer_to(card).text
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"

    def test_a_scope_that_the_integration_lacks_is_reported_at_the_start(
        self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        webex_sandbox.run(self.spaces, scopes=["spark:people_read"])
        assert (
            "'spaces' needs scopes that the integration is not configured with: spark:rooms_read"
            in caplog.text
        )


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

    def test_the_manager_has_to_be_given(self) -> None:
        with pytest.raises(TypeError, match="token_manager"):
            Whoami()
        with pytest.raises(TypeError, match="token_manager"):
            Decorated()

    def test_it_goes_on_classes_and_methods(self) -> None:
        with pytest.raises(TypeError, match="command class or on one of its methods"):
            requires_user_token("execute")


class TestCards:
    CARD: ClassVar[dict[str, Any]] = {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [{"type": "Input.Text", "id": "words"}],
        "actions": [{"type": "Action.Submit", "title": "Go", "data": {"callback_keyword": "form_callback"}}],
    }

    @classmethod
    def form(cls, **kwargs: Any) -> Command:
        class Form(UserTokenMixin, Command):
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(
                    command_keyword="form", help_message="form", card=cls.CARD,
                    delete_previous_message=True, **kwargs,
                )  # fmt: skip

            def pre_card_load_reply(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return f"A form for {self.user_api.people.me().display_name}"

            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                assert attachment_actions.messageId
                return f"{attachment_actions.inputs['words']}, says {self.user_api.people.me().display_name}"

        return Form(**kwargs)

    def test_a_commands_card_is_shown_after_the_login(self, webex_sandbox: WebexSandbox) -> None:
        bot = webex_sandbox.run(self.form)
        alice = webex_sandbox.add_person("Alice Adams")
        team = bot.group(alice)
        asked = bot.hears(alice, "form", room=team)
        line = bot.answer_to(asked)
        assert line.text == LOOK_IN_DIRECT
        card = bot.login_card(alice)
        bot.press_login(card, alice)
        form = bot.answer_to(line, lambda message: message.card)
        assert bot.said(team)[1] == "A form for Alice Adams"
        webex_sandbox.submit(alice, form, {"words": "Hello"})
        assert bot.answer_to(form, "Hello, says Alice Adams")

    def test_the_submit_of_a_card_runs_after_the_login_with_its_inputs(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(self.form, manager=either_manager)
        alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
        team = bot.group(alice, bob)
        bot.log_in(alice)
        form = bot.answer_to(bot.hears(alice, "form", room=team), lambda message: message.card)
        webex_sandbox.submit(bob, form, {"words": "Mine"})  # who presses need not be who asked
        assert bot.answer_to(form).text == LOOK_IN_DIRECT
        assert bot.press_login(bot.login_card(bob), bob).status_code == 200
        assert bot.answer_to(form, "Mine, says Bob Brown")


class TestFaults:
    @staticmethod
    def failing(error: Callable[[Any], BaseException]) -> type[Whoami]:
        class Fails(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                raise error(self)

        return Fails

    def test_an_exception_is_one_polite_sentence_and_a_reference_in_the_log(
        self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        bot = webex_sandbox.run(self.failing(lambda _: ZeroDivisionError("by zero")))
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        answer = bot.ask(alice, "whoami").text
        assert answer.startswith("Sorry, that did not work.")
        assert "zero" not in answer.lower()
        reference = answer.rstrip(".").split()[-1]
        record = next(record for record in caplog.records if reference in record.getMessage())
        assert record.exc_info
        assert record.exc_info[0] is ZeroDivisionError

    def test_a_bot_exception_stays_the_authors(self, webex_sandbox: WebexSandbox) -> None:
        bot = webex_sandbox.run(self.failing(lambda _: BotException("debug", "My own words")))
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        assert bot.ask(alice, "whoami").text == "My own words"

    @pytest.mark.holds(28)
    def test_a_token_that_webex_refuses_leads_to_one_new_login(
        self, webex_sandbox: WebexSandbox, either_manager: Make
    ) -> None:
        bot = webex_sandbox.run(Whoami, manager=either_manager)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        webex_sandbox.revoke_person(alice)
        asked = bot.hears(alice, "whoami")
        card = bot.login_card(alice, after=asked)
        assert "Webex no longer accepts your login" in str(card.card)
        assert bot.manager.get_user_context(user_id=alice.id) is None
        with webex_sandbox.faults.rest("/v1/people/me", status=401, times=2) as fault:
            fault.clear()
        bot.press_login(card, alice)
        assert bot.answer_to(card, "You are Alice Adams")
        cards = [message for message in webex_sandbox.messages(asked.room) if message.card]
        assert len(cards) == 2  # of the login, and this

    @pytest.mark.holds(32)
    @pytest.mark.usefixtures("impatient")
    def test_while_redis_is_gone_commands_say_so_and_work_again_when_it_is_back(
        self, webex_sandbox: WebexSandbox, own_server: RedisServer
    ) -> None:
        bot = webex_sandbox.run(
            Whoami, manager=functools.partial(RedisTokenManager, redis_url=own_server.url)
        )
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        own_server.stop()
        for words in ("whoami", "login", "logout"):
            assert "cannot reach the place where logins are kept" in bot.ask(alice, words).text
        own_server.start()
        bot.log_in(alice)
        own_server.pause()
        assert "cannot reach the place where logins are kept" in bot.ask(alice, "whoami").text
        own_server.resume()
        assert bot.ask(alice, "whoami").text == "You are Alice Adams"

    @pytest.mark.holds(32)
    def test_a_store_that_fails_is_a_clear_answer(
        self, webex_sandbox: WebexSandbox, redis_manager: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bot = webex_sandbox.run(Whoami, manager=redis_manager)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        bot.manager._redis.set(f"user-{alice.id}", "{broken")  # type: ignore[attr-defined]
        assert "cannot read your stored login" in bot.ask(alice, "whoami").text
        assert bot.manager._redis.get(f"user-{alice.id}") == b"{broken"  # type: ignore[attr-defined]
