"""The guard in front of commands of unusual shapes: what it has to stop, and what it must not change."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.makers import Make
from support.whoami import Whoami
from support.wording import TEXTS, pattern
from webex_bot.exceptions import BotException
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from webex_bot_auth import UserTokenMixin, YAMLTokenManager, requires_user_token
from webex_bot_auth.commands.guard import required_scopes
from webex_bot_auth.errors import SettingError
from webex_bot_auth.ground.turn import TurnLost
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.sample_contexts import context

Second = functools.partial(Whoami, command_keyword="second")
Log = functools.partial(Whoami, command_keyword="log")
Caplog = pytest.LogCaptureFixture


def traced(method: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of the kind that authors of bots write."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call


class CallableObject:
    def __call__(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return "RAN"


class Base(UserTokenMixin, Command):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_keyword="go", help_message="go", **kwargs)

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return "RAN"


@requires_user_token
class Static(Base):
    @staticmethod
    def execute(message: Any, attachment_actions: Any, activity: Any) -> str:  # type: ignore[override]
        return "RAN"


@requires_user_token
class Object(Base):
    execute = CallableObject()  # type: ignore[assignment]


@requires_user_token
class Callback(Base):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.card_callback = self.another

    def another(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return "RAN"


class DecoratedAbove(Base):
    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return "RAN BEFORE"

    @traced
    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return "RAN"


class OverridesDecoratedAbove(DecoratedAbove):
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return "RAN"


class LambdaBefore(Base):
    pre_execute = lambda self, message, attachment_actions, activity: "RAN BEFORE"  # noqa: E731

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return "RAN"


SHAPES = [Static, Object, Callback, DecoratedAbove, OverridesDecoratedAbove, LambdaBefore]


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_runs_without_a_login_whatever_the_class_looks_like(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox, shape: type[Command]
) -> None:
    world = webex_sandbox.run(shape, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    asked = cloud.say(alice, world.direct(alice), "go")
    card = world.login_card(alice)
    assert world.said(asked.room) == [card.text]  # one card, and nothing else
    world.press_login(card, alice)
    world.answer_to(asked, lambda message: message.text == "RAN")


def test_scopes_of_stacked_guards_add_up() -> None:
    class Stacked(Base):
        @requires_user_token(scopes=["spark:rooms_read"])
        @requires_user_token(scopes=["spark:people_read"])
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            return "RAN"

    assert required_scopes(Stacked) == ["spark:rooms_read", "spark:people_read"]


def test_what_fails_before_execute_stops_the_command(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    @requires_user_token
    class Refuses(Base):
        def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
            raise ValueError("not allowed")

    world = webex_sandbox.run(Refuses, Whoami, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    asked = cloud.say(alice, world.direct(alice), "go")
    world.answer_to(asked, lambda message: pattern(TEXTS.command_failed).fullmatch(message.text))
    assert world.ask(alice, "whoami").text == "You are Alice Adams"
    assert "RAN" not in world.said(asked.room)


def test_a_generator_that_fails_before_execute_stops_the_command(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    @requires_user_token
    class Refuses(Base):
        def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
            yield "checking"
            raise ValueError("not allowed") if "twice" in message else BotException("no", "refused")

    world = webex_sandbox.run(Refuses, Whoami, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    world.answer_to(world.hears(alice, "go"), "refused")
    failed = pattern(TEXTS.command_failed)
    world.answer_to(world.hears(alice, "go twice"), lambda message: failed.fullmatch(message.text))
    assert world.ask(alice, "whoami").text == "You are Alice Adams"
    assert "RAN" not in world.said(alice)


def test_a_generator_before_execute_whose_token_is_refused_lets_the_command_run_after_the_login(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    @requires_user_token
    class Greets(Base):
        def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
            yield f"Hello, {self.user_api.people.me().display_name}"

    world = webex_sandbox.run(Greets, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    team = world.group(alice)
    world.log_in(alice)
    cloud.revoke_person(alice)
    asked = world.hears(alice, "go", room=team)
    world.answer_to(asked, TEXTS.look_in_direct)
    world.press_login(world.login_card(alice), alice)
    world.answer_to(asked, "RAN")
    assert world.said(team) == [TEXTS.look_in_direct, "Hello, Alice Adams", "RAN"]


def test_a_generator_that_fails_before_a_card_keeps_it_back(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    class Shows(Base):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.card = {"type": "AdaptiveCard", "version": "1.3", "body": []}

        def pre_card_load_reply(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
            yield "checking"
            raise ValueError("not allowed")

    world = webex_sandbox.run(requires_user_token(Shows), Whoami, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    asked = world.hears(alice, "go")
    world.answer_to(asked, lambda message: pattern(TEXTS.command_failed).fullmatch(message.text))
    world.ask(alice, "whoami")
    assert [message.card for message in cloud.messages(asked.room) if message.number > asked.number] == [
        None, None, None, None,
    ]  # fmt: skip


def test_a_private_answer_of_a_generator_stays_private(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    @requires_user_token
    class Secret(Base):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
            yield "first"
            raise BotException("debug", "your PIN is 1234", reply_one_to_one=True)

    world = webex_sandbox.run(Secret, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    team = world.group(alice)
    asked = cloud.say(alice, team, "go", to=world.person)
    world.answer_to(asked, lambda message: message.text == TEXTS.look_in_direct)
    assert world.said(team) == ["first", TEXTS.look_in_direct]
    assert world.said(world.direct(alice))[-1] == "your PIN is 1234"


@pytest.mark.holds(28)
def test_a_refusal_that_the_author_has_wrapped_is_recognised(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    @requires_user_token
    class Wraps(Base):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            try:
                return f"RAN for {self.user_api.people.me().display_name}"
            except Exception as error:
                raise RuntimeError("my own words") from error

    world = webex_sandbox.run(Wraps, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    cloud.revoke_person(alice)
    assert world.login_card(alice, after=cloud.say(alice, world.direct(alice), "go"))


@pytest.mark.holds(28)
def test_a_generator_whose_token_is_refused_sends_a_card_and_nothing_empty(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox, caplog: Caplog
) -> None:
    @requires_user_token
    class Names(Base):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Iterator[str]:
            yield f"RAN for {self.user_api.people.me().display_name}"

    world = webex_sandbox.run(Names, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    cloud.revoke_person(alice)
    asked = world.hears(alice, "go")
    world.press_login(world.login_card(alice, after=asked), alice)
    world.answer_to(asked, "RAN for Alice Adams")
    assert "a job of user" not in caplog.text


@pytest.mark.holds(28)
@pytest.mark.filterwarnings("ignore:Inheritance class AsRestSession:DeprecationWarning")
def test_a_refusal_of_the_asynchronous_api_is_recognised(
    webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
) -> None:
    from wxc_sdk.as_api import AsWebexSimpleApi  # aiohttp warns of what it does

    async def name(tokens: Tokens) -> str:
        async with AsWebexSimpleApi(tokens=tokens) as api:
            return str((await api.people.me()).display_name)

    @requires_user_token
    class Names(Base):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return f"RAN for {asyncio.run(name(self.user_context.tokens))}"

    world = webex_sandbox.run(Names, manager=yaml_manager, name="Echo Bot")
    alice = cloud.add_person("Alice Adams")
    world.log_in(alice)
    assert world.ask(alice, "go").text == "RAN for Alice Adams"
    cloud.revoke_person(alice)
    asked = world.hears(alice, "go")
    world.press_login(world.login_card(alice, after=asked), alice)
    world.answer_to(asked, "RAN for Alice Adams")


class TestRegisterBot:
    def test_once_is_enough(self, webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox) -> None:
        world = webex_sandbox.run(Whoami, manager=yaml_manager, name="Echo Bot")
        with pytest.raises(SettingError, match="has one already"):
            world.manager.register_bot(bot=world.webex_bot, account_commands=False)

    def test_a_manager_has_one_bot(
        self, webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
    ) -> None:
        world = webex_sandbox.run(Whoami, manager=yaml_manager, name="Echo Bot")
        another = WebexBot(teams_bot_token=cloud.add_bot("Another").token)
        with pytest.raises(SettingError, match="one manager for each bot"):
            world.manager.register_bot(bot=another)

    def test_a_keyword_that_hides_login_is_named(
        self, webex_sandbox: WebexSandbox, yaml_manager: Make, caplog: Caplog
    ) -> None:
        webex_sandbox.run(Log, manager=yaml_manager, name="Echo Bot")
        assert "'login' for the command 'log'" in caplog.text


class TestResuming:
    def test_a_person_who_was_blocked_meanwhile_gets_a_message_and_nothing_runs(
        self, webex_sandbox: WebexSandbox, either_manager: Make, cloud: Sandbox
    ) -> None:
        world = webex_sandbox.run(Whoami, manager=either_manager, name="Echo Bot")
        alice = cloud.add_person("Alice Adams")
        card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "whoami"))
        world.webex_bot.approved_users = ["somebody.else@example.com"]
        world.press_login(card, alice)
        world.answer_to(card, TEXTS.command_lapsed.format(command="whoami"))
        command = next(command for command in world.webex_bot.commands if isinstance(command, Whoami))
        assert command.runs == []

    def test_a_deleted_message_does_not_run(
        self, webex_sandbox: WebexSandbox, either_manager: Make, cloud: Sandbox
    ) -> None:
        world = webex_sandbox.run(Whoami, manager=either_manager, name="Echo Bot")
        alice = cloud.add_person("Alice Adams")
        asked = cloud.say(alice, world.direct(alice), "whoami")
        card = world.login_card(alice)
        with cloud.faults.rest(f"/v1/messages/{asked.id}", method="GET", status=404):
            world.press_login(card, alice)
            world.answer_to(card, TEXTS.command_lapsed.format(command="whoami"))

    def test_a_command_whose_answer_could_not_be_posted_is_not_offered_again(
        self, webex_sandbox: WebexSandbox, yaml_manager: Make, cloud: Sandbox
    ) -> None:
        running = threading.Event()

        class Breaks(Whoami):
            @requires_user_token
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                running.set()
                return "x" * 10_000  # more than a message can hold

        world = webex_sandbox.run(Breaks, Second, manager=yaml_manager, name="Echo Bot")
        alice = cloud.add_person("Alice Adams")
        card = world.login_card(alice, after=cloud.say(alice, world.direct(alice), "whoami"))
        world.press_login(card, alice)
        assert running.wait(60)
        world.answer_to(card, TEXTS.command_failed.partition("{")[0])
        assert world.ask(alice, "second").text == "You are Alice Adams"
        assert TEXTS.command_lapsed.format(command="whoami") not in world.said(alice)


def test_the_context_of_one_user_is_not_stored_for_another(
    yaml_manager: Make, integration: Integration
) -> None:
    with yaml_manager("token", integration) as manager, pytest.raises(ValueError, match="another user_id"):
        manager.set_user_context(user_id="alice", user_context=context("bob"))


def test_a_folder_that_is_missing_stops_the_start(integration: Integration) -> None:
    with pytest.raises(SettingError, match="there is no folder /nowhere"):
        YAMLTokenManager("token", integration, yml_base="/nowhere/tokens")


def test_what_pre_execute_found_out_is_for_its_own_message_alone(webex_sandbox: WebexSandbox) -> None:
    class Dropped(Whoami):
        def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
            raise TurnLost  # so that execute, which comes next otherwise, does not take it

    bot = webex_sandbox.run(Dropped, functools.partial(Whoami, command_keyword="second"), workers=1)
    alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
    bot.log_in(alice)
    bot.hears(alice, "whoami")
    bot.hears(bob, "second")  # in the same thread, and behind no pre_execute
    bot.login_card(bob)
    assert not any("Alice" in text for text in bot.said(bob))
