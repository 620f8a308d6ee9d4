"""A mistake in the definition of a command is an error where it is made, which says what to write instead."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS, pattern
from webex_bot.models.command import Command
from webex_bot.models.response import Response
from wxc_sdk.integration import Integration

from webex_bot_auth import UserTokenMixin, requires_user_token
from webex_bot_auth.errors import SettingError
from webex_bot_auth.testing import WebexSandbox

#: from Python 3.12 on, what __set_name__ raises is not wrapped
WHERE_NAMED = (TypeError, RuntimeError)


def test_scopes_without_their_name() -> None:
    with pytest.raises(TypeError, match=r"write @requires_user_token\(scopes=\['spark:rooms_read'\]\)"):
        requires_user_token("spark:rooms_read")
    with pytest.raises(TypeError, match=r"write @requires_user_token\(scopes=\['spark:rooms_read'\]\)"):
        requires_user_token(["spark:rooms_read"])


@pytest.mark.parametrize(
    "scopes", ["spark:people_read,spark:rooms_read", ["spark:people_read, spark:rooms_read"]]
)
def test_scopes_with_commas(scopes: Any, yaml_manager: Make, integration: Integration) -> None:
    with pytest.raises(SettingError, match="no commas: write 'spark:people_read spark:rooms_read'"):
        requires_user_token(scopes=scopes)
    integration.scopes = scopes
    with pytest.raises(SettingError, match=r"integration\.scopes: takes no commas"):
        yaml_manager("token", integration)


class TestAsync:
    def test_a_method(self) -> None:
        with pytest.raises(TypeError, match=r"Ask.execute is async.*write `def`"):

            class Ask(UserTokenMixin, Command):
                @requires_user_token
                async def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                    return "never"

    def test_a_class_and_what_it_inherits(self) -> None:
        class Ask(Command):
            async def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return "never"

        with pytest.raises(TypeError, match="is async"):
            requires_user_token(Ask)

        with pytest.raises(TypeError, match="is async"):

            class AskMore(Whoami):
                @staticmethod
                async def pre_execute(message: Any, attachment_actions: Any, activity: Any) -> Any:  # type: ignore[override]
                    yield "never"


class TestHelpers:
    @staticmethod
    def raises() -> Any:
        return pytest.raises(
            TypeError, match=r"cannot be guarded.*execute.*class of the command.*token_manager.api"
        )

    def test_a_method_that_webex_bot_does_not_call(self) -> None:
        with self.raises():

            class Spaces(Whoami):
                @requires_user_token
                def count(self, message: Any, attachment_actions: Any, activity: Any) -> int:
                    return 3

    def test_a_function(self) -> None:
        with self.raises():

            @requires_user_token(scopes=["spark:rooms_read"])
            def count(api: Any) -> int:
                return len(list(api.rooms.list()))

    def test_a_function_that_uses_names_around_it(self) -> None:
        seen: list[Any] = []
        with self.raises():

            @requires_user_token
            def note(api: Any) -> None:
                seen.append(api)

    def test_a_wrapped_method_under_another_name(self) -> None:
        def traced(method: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return method(*args, **kwargs)

            return wrapper

        def define(name: str) -> Any:
            def execute(self: Any, message: Any, attachment_actions: Any, activity: Any) -> str:
                return "RAN"

            return type("Made", (Whoami,), {name: requires_user_token(traced(execute))})

        assert issubclass(define("execute"), Command)
        with pytest.raises(WHERE_NAMED):
            define("helper")


def test_a_guard_in_a_class_that_is_no_command_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"Common is no command: write class Common\(UserTokenMixin\)"):

        @requires_user_token
        class Common:
            pass


class TestTokenManager:
    @pytest.mark.parametrize("options", [{}, {"token_manager": None}])
    @pytest.mark.parametrize("with_mixin", [True, False])
    def test_none(self, options: dict[str, Any], with_mixin: bool) -> None:
        @requires_user_token
        class Decorated(Command):
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return "never"

        make = Whoami if with_mixin else Decorated
        name = make.__name__
        with pytest.raises(TypeError, match=rf"{name} needs a token_manager: write {name}\(token_manager="):
            make(**options)

    def test_the_mixin_behind_command(self) -> None:
        with pytest.raises(TypeError, match=r"write class Ask\(UserTokenMixin, Command\)"):

            class Ask(Command, UserTokenMixin):
                def __init__(self, **kwargs: Any) -> None:
                    super().__init__(command_keyword="ask", **kwargs)


class TestAnswers:
    """What webex_bot cannot post: the person gets a sentence, the log says what to return instead."""

    HOW = "return text, a Response, or a list or generator of these"

    @pytest.mark.parametrize(
        ("answer", "named"),
        [
            (3, "int"),
            (0, "int"),
            (("a", "b"), "tuple"),
            ({"a": 1}, "dict"),
            (["a", None], "NoneType"),
            (b"a", "bytes"),
        ],
    )
    def test_no_text(
        self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture, answer: Any, named: str
    ) -> None:
        said = self.answers_of(webex_sandbox, lambda: answer)
        assert pattern(TEXTS.command_failed).fullmatch(said[-1])
        assert f"the command answers with {named}: {self.HOW}" in caplog.text

    def test_a_coroutine(self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture) -> None:
        async def later() -> str:
            return "never"

        said = self.answers_of(webex_sandbox, later)
        assert pattern(TEXTS.command_failed).fullmatch(said[-1])
        assert "the command answers with coroutine" in caplog.text

    def test_one_of_a_generator(self, webex_sandbox: WebexSandbox, caplog: pytest.LogCaptureFixture) -> None:
        said = self.answers_of(webex_sandbox, lambda: (part for part in ("first", 2, "third")))
        assert said[-2] == "first"
        assert pattern(TEXTS.command_failed).fullmatch(said[-1])
        assert "the command answers with int" in caplog.text

    def test_what_webex_bot_takes_is_posted(self, webex_sandbox: WebexSandbox) -> None:
        def response(text: str) -> Response:
            made = Response()
            made.markdown = text
            return made

        many = self.answers_of(webex_sandbox, lambda: ["one", response("two"), "three"])
        assert many[-3:] == ["one", "two", "three"]

    @staticmethod
    def answers_of(webex_sandbox: WebexSandbox, answer: Callable[[], Any]) -> list[str]:
        """What the bot has said after a command with this answer."""

        class Answers(Whoami):
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
                return answer()

        class Last(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
                return "last"

        bot = webex_sandbox.run(Answers, functools.partial(Last, command_keyword="last"), workers=1)
        alice = webex_sandbox.add_person("Alice Adams")
        bot.log_in(alice)
        bot.ask(alice, "whoami")
        bot.answer_to(bot.hears(alice, "last"), "last")
        return bot.said(alice)[:-1]
