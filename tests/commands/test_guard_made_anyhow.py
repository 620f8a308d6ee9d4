"""However a command is made and put together, nothing of it runs for a person who is not logged in."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock
from xmlrpc.client import ServerProxy

import pytest
from support.hiding import Calling, Slotted, by_default, in_a_list, nested, reporting_to
from support.makers import Make
from webex_bot.models.command import Command
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager, UserTokenMixin, requires_user_token
from webex_bot_auth.commands.guard import required_scopes
from webex_bot_auth.sandbox import Sandbox
from webex_bot_auth.testing.sample_contexts import context

RAN: list[str] = []
NOBODY = "nobody-is-logged-in"
ACTIVITY = {"id": "a", "target": {"tags": ["ONE_ON_ONE"]}}


class Hooks:
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        RAN.append("execute")
        return "RAN"

    def pre_execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("pre_execute")

    def pre_card_load_reply(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("pre_card_load_reply")

    def on_submit(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("on_submit")


@requires_user_token
class WithAnApiOfItsOwn(Hooks, Command):
    user_api = "its own"


class SetsItUpItself(UserTokenMixin, Hooks, Command):
    def __init__(self, *, token_manager: Any) -> None:
        Command.__init__(self, command_keyword="x")
        self.token_manager = token_manager

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return super().execute(message, attachment_actions, activity)


@requires_user_token
class MixinLast(Hooks, Command, UserTokenMixin):
    def __init__(self, *, token_manager: Any) -> None:
        Command.__init__(self, command_keyword="x")
        self.token_manager = token_manager


@requires_user_token
class Parent(Hooks, Command):
    pass


class Child(Parent):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.card_callback = self.on_submit

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        RAN.append("child")
        return "RAN"


class WithTheMixinInFront(UserTokenMixin, Parent):
    pass


@requires_user_token
class MadeByNew(UserTokenMixin, Hooks, Command):
    def __new__(cls, *arguments: Any, **options: Any) -> Any:
        return object.__new__(cls)


class HiddenWithoutMixin(Hooks, Command):
    @in_a_list
    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
        return super().execute(message, attachment_actions, activity)


class SetsThemLater(Parent):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for hook in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
            setattr(self, hook, functools.partial(self.on_submit))


def hidden(decorator: Callable[[Any], Any]) -> Any:
    """A command whose guard is below a decorator that does without functools.wraps."""

    class Hidden(UserTokenMixin, Hooks, Command):
        def __init__(self, *, token_manager: Any) -> None:
            Command.__init__(self, command_keyword="x")
            self.token_manager = token_manager

        @decorator
        @requires_user_token
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return Hooks.execute(self, message, attachment_actions, activity)

    return Hidden


def call(command: Any, hook: str) -> Any:
    action = SimpleNamespace(personId=NOBODY, id="m")
    answer = getattr(command, hook)("x", action, dict(ACTIVITY))
    return list_of(answer)


def list_of(answer: Any) -> Any:
    try:
        return list(answer) if hasattr(answer, "__next__") else answer
    except Exception as stopped:  # noqa: BLE001 (CommandStopped is no public name)
        return type(stopped).__name__


@pytest.fixture
def service(yaml_manager: Make, cloud: Sandbox, integration: Integration) -> TokenManager:
    return yaml_manager(cloud.add_bot("Echo Bot").token, integration)


@pytest.mark.parametrize("hook", ["execute", "pre_execute", "pre_card_load_reply", "card_callback"])
@pytest.mark.parametrize(
    "make",
    [
        WithAnApiOfItsOwn,
        SetsItUpItself,
        MixinLast,
        Parent,
        Child,
        WithTheMixinInFront,
        MadeByNew,
        hidden(nested),
        hidden(lambda function: nested(nested(function))),
        hidden(Calling),
        hidden(by_default),
        hidden(reporting_to(ServerProxy("http://127.0.0.1:9"))),
        hidden(in_a_list),
        hidden(Slotted),
        hidden(functools.partialmethod),
        HiddenWithoutMixin,
        SetsThemLater,
    ],
    ids=[
        "own user_api",
        "own __init__",
        "mixin last",
        "decorated",
        "subclass",
        "mixin in front of it",
        "own __new__",
        "below a decorator",
        "below two",
        "below an object",
        "in a default argument",
        "next to an object that makes up its attributes",
        "in a list",
        "in a slot",
        "in a partialmethod",
        "in a list, without the mixin",
        "on the command itself",
    ],
)
def test_nothing_runs_without_a_login(service: TokenManager, make: Callable[..., Any], hook: str) -> None:
    RAN.clear()
    call(make(token_manager=service), hook)
    assert RAN == []


def test_a_copy_is_guarded_and_is_itself(service: TokenManager) -> None:
    command = Parent(token_manager=service)  # type: ignore[call-arg]
    for other in (copy.copy(command), command):
        assert other.execute.__self__ is other


def test_a_class_that_is_patched_runs_what_was_put_into_it(service: TokenManager) -> None:
    service.set_user_context(user_id=NOBODY, user_context=context(NOBODY))
    command = Parent(token_manager=service)  # type: ignore[call-arg]
    with mock.patch.object(Parent, "execute", return_value="patched"):
        assert call(command, "execute") == "patched"
    assert call(command, "execute") == "RAN"


def test_a_guard_that_is_made_elsewhere_and_hidden_is_an_error_that_says_what_to_write(
    service: TokenManager,
) -> None:
    made_elsewhere = in_a_list(requires_user_token(Hooks.execute))
    hides = type("Hides", (UserTokenMixin, Hooks, Command), {"execute": made_elsewhere})
    RAN.clear()
    with pytest.raises(TypeError, match=r"Hides has a guard that another decorator hides.*on the class"):
        call(hides(token_manager=service), "execute")
    assert RAN == []


def test_a_class_that_only_keeps_commands_is_none() -> None:
    class Kept:
        made = type("Made", (UserTokenMixin, Hooks, Command), {"execute": requires_user_token(Hooks.execute)})

    assert required_scopes(Kept.made) == []
    assert required_scopes(Kept) is None


def test_guards_that_are_made_elsewhere_add_up() -> None:
    outer, inner = requires_user_token(scopes=["outer"]), requires_user_token(scopes=["inner"])
    made = type("Made", (UserTokenMixin, Hooks, Command), {"execute": outer(inner(Hooks.execute))})
    assert required_scopes(made) == ["outer", "inner"]


def test_a_class_that_is_guarded_late_guards_the_commands_there_are(service: TokenManager) -> None:
    class Late(UserTokenMixin, Hooks, Command):
        pass

    command = Late(token_manager=service)
    assert call(command, "execute") == "RAN"
    requires_user_token(Late)
    RAN.clear()
    call(command, "execute")
    assert RAN == []


@pytest.mark.holds(39)
def test_the_scopes_of_all_guards_count_when_the_command_runs(service: TokenManager, cloud: Sandbox) -> None:
    class Base(UserTokenMixin, Hooks, Command):
        @requires_user_token(scopes="of:parent")
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return "RAN"

    @requires_user_token(scopes=["of:class"])
    class Stacked(Base):
        @requires_user_token(scopes=["outer"])
        @requires_user_token(scopes=["inner"])
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return super().execute(message, attachment_actions, activity)

    alice = cloud.add_person("Alice Adams")
    every = {"of:parent", "of:class", "outer", "inner"}
    action = SimpleNamespace(personId=alice.id, id="m")
    for missing in (None, *sorted(every)):
        granted = " ".join(every - {missing})
        service.set_user_context(user_id=alice.id, user_context=context(alice.id, scope=granted))
        answer = Stacked(token_manager=service).execute("x", action, dict(ACTIVITY))
        assert (answer == "RAN") is (missing is None), missing
