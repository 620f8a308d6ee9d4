"""However a command is made and put together, nothing of it runs for a person who is not logged in.

Each odd way of making one is a row of a table: it runs behind the guard, or raises and says what to write.
"""

from __future__ import annotations

import copy
import functools
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock
from xmlrpc.client import ServerProxy

import pytest
from support.hiding import Calling, Slotted, by_default, in_a_list, nested, reporting_to
from support.makers import Make
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
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


class SetsThemLater(Parent):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for hook in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
            setattr(self, hook, functools.partial(self.on_submit))


class PatchesItsSubclasses(ABCMeta):
    def __init__(cls, *arguments: Any) -> None:
        super().__init__(*arguments)
        for name in ("execute", "pre_execute", "pre_card_load_reply"):
            setattr(cls, name, Hooks.on_submit)


class OfAMetaclass(Parent, metaclass=PatchesItsSubclasses):
    pass


@requires_user_token
class WithSlots(UserTokenMixin, Hooks, Command):
    __slots__ = ("card_callback", "pre_execute")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.card_callback = self.pre_execute = self.on_submit


@requires_user_token
class WithProperties(UserTokenMixin, Hooks, Command):
    execute = property(lambda self: self.on_submit)  # type: ignore[assignment]
    pre_execute = property(lambda self: self.on_submit)  # type: ignore[assignment]
    card_callback = property(lambda self: self.on_submit)


@requires_user_token
class WithClassMethods(UserTokenMixin, Hooks, Command):
    execute = classmethod(Hooks.on_submit)  # type: ignore[assignment,arg-type]
    pre_execute = classmethod(Hooks.on_submit)  # type: ignore[assignment,arg-type]


class BelowAStaticMethod(UserTokenMixin, Hooks, Command):
    @staticmethod
    @requires_user_token
    def execute(message: Any, attachment_actions: Any, activity: Any) -> None:  # type: ignore[override]
        RAN.append("static")


@dataclass(eq=False)
class DataClass(UserTokenMixin, Hooks, Command):
    token_manager: Any
    pre_execute: Any = field(default=lambda *_: RAN.append("field"))

    def __post_init__(self) -> None:
        Command.__init__(self, command_keyword="x")

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("execute")


@dataclass(eq=False, slots=True)
class DataClassMadeTwice(Hooks, Command):
    token_manager: Any

    def __post_init__(self) -> None:
        Command.__init__(self, command_keyword="x")

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("execute")


class InFront(Command):
    execute = pre_execute = pre_card_load_reply = card_callback = Hooks.on_submit  # type: ignore[assignment]


class OfTwoParents(InFront, Parent):
    def __init__(self, **options: Any) -> None:
        Parent.__init__(self, **options)


class TellsNobodyOfSubclasses(Parent):
    def __init_subclass__(cls) -> None:
        pass


class NotToldOf(TellsNobodyOfSubclasses):
    execute = pre_execute = pre_card_load_reply = card_callback = Hooks.on_submit  # type: ignore[assignment]


class MakesUpAttributes(UserTokenMixin, Command):
    def __init__(self, *, token_manager: Any) -> None:
        vars(self).update(token_manager=token_manager, command_keyword="x")

    @requires_user_token
    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> None:
        RAN.append("execute")

    def __getattr__(self, name: str) -> Any:
        return lambda *_: RAN.append(name)


class SetsThemBehindPython(Parent):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
            vars(self)[name] = self.on_submit


def patched(**options: Any) -> Any:
    class Patched(Parent):
        pass

    command = Patched(**options)
    for name in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
        setattr(Patched, name, Hooks.on_submit)
    return command


def patched_around(**options: Any) -> Any:
    """A command that has its own, so that Python does not ask its class once that has no guards any more."""

    class Patched(SetsThemLater):
        pass

    command = Patched(**options)
    for name in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
        setattr(Patched, name, Hooks.on_submit)
    return command


def decorated_again(**options: Any) -> Any:
    class Wrapped(Parent):
        pass

    for name in ("execute", "pre_execute", "pre_card_load_reply"):
        setattr(Wrapped, name, Hooks.on_submit)
    return Wrapped(**options)


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
def service(yaml_manager: Make, cloud: Sandbox, integration: Integration) -> Iterator[TokenManager]:
    with yaml_manager(cloud.add_bot("Echo Bot").token, integration) as manager:
        yield manager


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
        SetsThemLater,
        OfAMetaclass,
        WithSlots,
        WithProperties,
        WithClassMethods,
        BelowAStaticMethod,
        DataClass,
        DataClassMadeTwice,
        OfTwoParents,
        NotToldOf,
        MakesUpAttributes,
        SetsThemBehindPython,
        patched,
        patched_around,
        decorated_again,
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
        "on the command itself",
        "of a metaclass that replaces them",
        "in slots",
        "properties",
        "class methods",
        "below a static method",
        "a dataclass",
        "a dataclass with slots",
        "behind a parent without a guard",
        "without __init_subclass__",
        "with __getattr__",
        "in the command's __dict__",
        "put into the class afterwards",
        "on the command, and put into the class",
        "put into the class by a decorator",
    ],
)
def test_nothing_runs_without_a_login(service: TokenManager, make: Callable[..., Any], hook: str) -> None:
    RAN.clear()
    with suppress(AttributeError):  # where there is none
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


def hide_without_mixin() -> Any:
    class Hides(Hooks, Command):
        def __init__(self) -> None:
            super().__init__(command_keyword="x")

        @in_a_list
        @requires_user_token
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
            return super().execute(message, attachment_actions, activity)

    return Hides


def test_a_guard_that_is_hidden_from_a_class_without_the_mixin_is_an_error_when_it_is_called() -> None:
    RAN.clear()
    command = hide_without_mixin()()
    with pytest.raises(TypeError, match=r"Hides has a guard that another decorator hides.*on the class"):
        command.card_callback("x", SimpleNamespace(personId=NOBODY, id="m"), dict(ACTIVITY))
    assert RAN == []


def run_by(bot: WebexBot, command: Command) -> None:
    """Run all that a bot calls of a command, as webex_bot does."""
    action = SimpleNamespace(personId=NOBODY, id="m")
    for run in (bot.run_pre_card_load_reply, bot.run_pre_execute, bot.run_command_and_handle_bot_exceptions):
        list_of(run(command=command, message="x", teams_message=action, activity=dict(ACTIVITY))[0])


@pytest.mark.parametrize("late", [False, True])
def test_a_guard_that_is_hidden_from_a_class_without_the_mixin_is_found_with_the_bot(
    cloud: Sandbox, yaml_manager: Make, integration: Integration, late: bool
) -> None:
    token, command = cloud.add_bot("Echo Bot").token, hide_without_mixin()()
    RAN.clear()
    with yaml_manager(token, integration) as manager:
        bot = WebexBot(teams_bot_token=token)
        if late:
            manager.register_bot(bot=bot)
        bot.add_command(command)
        with pytest.raises(TypeError, match=r"write Hides\(token_manager=token_manager\)"):
            run_by(bot, command) if late else manager.register_bot(bot=bot)
    assert RAN == []


@pytest.mark.parametrize("put_in", [Hooks.on_submit, property(lambda self: self.on_submit)])
def test_what_is_put_into_a_class_after_the_bot_was_registered_runs_behind_the_guard(
    cloud: Sandbox, yaml_manager: Make, integration: Integration, put_in: Any
) -> None:
    @requires_user_token
    class Patched(Hooks, Command):
        pass

    token = cloud.add_bot("Echo Bot").token
    RAN.clear()
    with yaml_manager(token, integration) as manager:
        bot, command = WebexBot(teams_bot_token=token), Patched(token_manager=manager)  # type: ignore[call-arg]
        bot.add_command(command)
        manager.register_bot(bot=bot)
        for name in ("execute", "pre_execute", "pre_card_load_reply", "card_callback"):
            setattr(Patched, name, put_in)
            if put_in is Hooks.on_submit:
                setattr(command, name, command.on_submit)  # Python does not ask the class any more
        run_by(bot, command)
    assert RAN == []


def test_a_guard_that_is_made_elsewhere_and_hidden_is_an_error_that_says_what_to_write(
    service: TokenManager,
) -> None:
    hides: Any = type(
        "Hides", (UserTokenMixin, Hooks, Command), {"execute": in_a_list(requires_user_token(Child.execute))}
    )
    RAN.clear()
    with pytest.raises(TypeError, match=r"Hides has a guard that another decorator hides.*on the class"):
        call(hides(token_manager=service), "execute")
    assert RAN == []


def test_a_hidden_guard_whose_scopes_the_class_does_not_know_is_an_error(service: TokenManager) -> None:
    hidden_guard = in_a_list(requires_user_token(scopes=["of:hidden"])(Child.execute))
    hides = type("Hides", (Parent,), {"execute": hidden_guard})
    service.set_user_context(user_id=NOBODY, user_context=context(NOBODY, scope="of:login"))
    RAN.clear()
    assert call(hides(token_manager=service), "execute") != "RAN"
    assert RAN == []


def test_a_subclass_with_the_mixin_lets_its_parent_know_of_a_hidden_guard() -> None:
    parent = hide_without_mixin()
    child = type("Child", (UserTokenMixin, parent), {})
    assert required_scopes(parent) == required_scopes(child) == []


def test_the_callback_of_another_command_runs_behind_both_guards(service: TokenManager) -> None:
    @requires_user_token(scopes=["of:this"])
    class Shares(Hooks, Command):
        pass

    service.set_user_context(user_id=NOBODY, user_context=context(NOBODY, scope="of:login"))
    command, other = Shares(token_manager=service), Parent(token_manager=service)  # type: ignore[call-arg]
    command.card_callback = other.execute
    assert call(other, "card_callback") == "RAN"
    assert call(command, "card_callback") != "RAN"


def test_a_guard_between_decorators_that_hide_it_and_its_class_is_an_error_where_it_is_written() -> None:
    with pytest.raises(TypeError, match=r"Hides has a guard that another decorator hides.*on the class"):

        class Hides(UserTokenMixin, Hooks, Command):
            @in_a_list
            @requires_user_token
            @nested
            def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str:
                return super().execute(message, attachment_actions, activity)


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

    class OfASubclass(Late):
        execute = pre_execute = Hooks.execute

    commands = [Late(token_manager=service), OfASubclass(token_manager=service)]
    assert [call(command, "execute") for command in commands] == ["RAN", "RAN"]
    requires_user_token(Late)
    RAN.clear()
    for command in commands:
        for hook in ("execute", "pre_execute", "card_callback"):
            call(command, hook)
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


def test_a_class_that_decides_itself_what_is_read_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"Reads has a __getattribute__.*write __getattr__"):

        class Reads(Parent):
            def __getattribute__(self, name: str) -> Any:
                return Hooks.on_submit


def test_an_abstract_method_with_a_guard_stays_abstract(service: TokenManager) -> None:
    class Base(UserTokenMixin, Command):
        @requires_user_token
        @abstractmethod
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            RAN.append("abstract")

    class Concrete(Base):
        def execute(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            return super().execute(message, attachment_actions, activity)

    with pytest.raises(TypeError, match="abstract"):
        Base(token_manager=service)
    RAN.clear()
    call(Concrete(token_manager=service), "execute")
    assert RAN == []


def test_what_a_command_has_instead_of_execute_can_call_it(service: TokenManager) -> None:
    class Counts(Parent):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.execute = self.count  # type: ignore[method-assign]

        def count(self, message: Any, attachment_actions: Any, activity: Any) -> Any:
            return f"{super().execute(message, attachment_actions, activity)} once"

    service.set_user_context(user_id=NOBODY, user_context=context(NOBODY))
    assert call(Counts(token_manager=service), "execute") == "RAN once"
