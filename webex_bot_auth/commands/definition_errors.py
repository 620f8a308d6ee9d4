"""Mistakes in the definition of a command, found where it is; each error says what to write instead."""

from __future__ import annotations

import inspect
from typing import Any

from webex_bot.models.command import Command

from ..service import LoginService

#: the methods of a command that webex_bot calls; a guard on one of them guards all of them
HOOKS = ("execute", "pre_execute", "pre_card_load_reply")


def check_target(target: Any) -> None:
    """Return what ``requires_user_token`` is put on, where that is not a class.

    Raises:
        TypeError: not something that webex_bot calls
    """
    if not callable(target):
        written = f"[{target!r}]" if isinstance(target, str) else repr(target)
        raise TypeError(
            "@requires_user_token goes on a command class or on one of its methods; "
            f"for scopes, write @requires_user_token(scopes={written})"
        )
    if inspect.isfunction(target) and not _may_become_hook(target):
        check_hook(target.__name__, target.__qualname__)


def _may_become_hook(function: Any) -> bool:
    """Tell whether a function is of the kind that decorators make, whose name says nothing; or a lambda."""
    if function.__name__ != "<lambda>" and not function.__code__.co_freevars:
        return False
    try:
        inspect.signature(function).bind("self", "message", "attachment_actions", "activity")
    except TypeError:
        return False
    return True


def check_hook(name: str, full_name: str) -> None:
    """Raises TypeError: a method of this name is none that webex_bot calls."""
    if name not in HOOKS:
        raise TypeError(
            f"{full_name} cannot be guarded by itself, only {', '.join(HOOKS)}: put @requires_user_token on "
            "the class of the command, which guards callbacks as well; elsewhere, use "
            "`with token_manager.api(user_id=...) as api:`"
        )


def check_not_async(method: Any) -> None:
    """Raises TypeError: webex_bot does not await."""
    function = method.__func__ if isinstance(method, (staticmethod, classmethod)) else method
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        name = getattr(function, "__qualname__", function)
        raise TypeError(
            f"{name} is async, and webex_bot calls commands in threads, without awaiting them: "
            "write `def`, and asyncio.run(...) in it for what has to be awaited"
        )


def check_order(cls: type, mixin: type) -> None:
    """Raises TypeError: webex_bot gets ``token_manager=``, as the mixin stands behind Command."""
    is_behind = mixin in cls.__bases__ and Command in cls.__mro__[: cls.__mro__.index(mixin)]
    own_init = inspect.signature(cls.__init__, follow_wrapped=False)  # type: ignore[misc]
    if is_behind and "token_manager" not in own_init.parameters:
        raise TypeError(f"write class {cls.__name__}({mixin.__name__}, Command): the mixin comes first")


def check_base(cls: type, mixin: type) -> None:
    """Raises TypeError: a guard in a class that is no command."""
    if not issubclass(cls, Command):
        raise TypeError(
            f"{cls.__name__} is no command: write class {cls.__name__}({mixin.__name__}), "
            "if commands inherit from it"
        )


def check_reading(cls: Any) -> None:
    """Raises TypeError: a class decides itself what webex_bot reads."""
    if cls.__getattribute__ is not object.__getattribute__:
        raise TypeError(f"{cls.__name__} has a __getattribute__, which a guard cannot see: write __getattr__")


def hidden_guard(cls: type) -> TypeError:
    """A command has a guard of which its class does not know."""
    return TypeError(
        f"{cls.__name__} has a guard that another decorator hides from it: put @requires_user_token on the "
        "class, or above all other decorators of the method"
    )


def checked_manager(command: Any, token_manager: LoginService | None) -> LoginService:
    """The token manager itself, or the one that a subclass in front has taken already.

    Raises:
        TypeError: none was passed
    """
    token_manager = token_manager or vars(command).get("token_manager")
    if token_manager is None:
        name = type(command).__name__
        raise TypeError(
            f"{name} needs a token_manager: write {name}(token_manager=token_manager), and where it has an "
            "__init__ of its own, let that pass **kwargs on to super().__init__"
        )
    return token_manager
