"""``@requires_user_token``: a command runs with its author's own token, or its author is asked to log in."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from webex_bot.models.command import Command
from wxc_sdk import WebexSimpleApi

from ..models import UserContext
from ..service import LoginService
from ..webex.oauth import scopes_setting
from .definition_errors import (
    HOOKS,
    check_base,
    check_hook,
    check_not_async,
    check_order,
    check_target,
    checked_manager,
    hidden_guard,
)
from .guarded_call import GuardedCall, Needs, running_call
from .request import Request, original

Decorated = TypeVar("Decorated")

#: what webex_bot calls; ``card_callback`` is ``execute``, unless a command sets it to another method
_CALLED = frozenset((*HOOKS, "card_callback"))
#: attribute of a class that has guards: what they need together
_NEEDS = "_webex_bot_auth_needs"


@overload
def requires_user_token(
    target: Decorated, *, scopes: str | Iterable[str] = (), reason: str | None = None
) -> Decorated: ...
@overload
def requires_user_token(
    target: None = None, *, scopes: str | Iterable[str] = (), reason: str | None = None
) -> Callable[[Decorated], Decorated]: ...
def requires_user_token(
    target: Any = None, *, scopes: str | Iterable[str] = (), reason: str | None = None
) -> Any:
    """Guard a command: a class, or its ``execute`` (which guards what runs before it, too).

    A person who is not logged in gets a login card in the 1:1 space, and nothing of the command runs.

    Args:
        target: the class or method
        scopes: scopes that the command needs; who has granted fewer is asked to log in again
        reason: what the command needs them for, such as ``to list your spaces``; stands in the login card

    Raises:
        TypeError: the target is not a command class, nor a method of one that webex_bot calls
        SettingError: the scopes are malformed
    """
    needs = Needs(scopes_setting("scopes", scopes), reason)
    if target is None:
        return functools.partial(requires_user_token, scopes=needs.scopes, reason=reason)
    if inspect.isclass(target):
        return _guard_class(target, needs)
    check_target(target)
    _mark_class_body(needs)
    return GuardedMethod(target, needs)


def required_scopes(cls: type) -> list[str] | None:
    """The scopes that all guards of a command class need together; None: it is not guarded."""
    needs = needs_of(cls)
    return None if needs is None else needs.scopes


@functools.lru_cache(1024)
def needs_of(cls: type) -> Needs | None:
    """What all guards of a command class need together; None: it is not guarded."""
    found = [vars(part)[_NEEDS] for part in cls.__mro__ if _NEEDS in vars(part)]
    return functools.reduce(Needs.joined_with, found) if found else None


def _check_hooks(cls: type) -> None:
    if needs_of(cls) is not None:
        for name in HOOKS:
            check_not_async(inspect.getattr_static(cls, name, None))


class _UserTokens:
    """What a command has, with the mixin or with a guard."""

    token_manager: LoginService

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _check_hooks(cls)

    def __getattribute__(self, name: str) -> Any:
        """If the class has a guard, all that webex_bot calls is behind it, wherever it comes from."""
        found = object.__getattribute__(self, name)  # super() takes longer, for each attribute of the command
        if name not in _CALLED or type(found) is GuardedHook or needs_of(type(self)) is None:  # type: ignore[arg-type]  # mypy: classes are no keys
            return found
        if name == "pre_execute" and getattr(found, "__func__", None) is Command.pre_execute:
            return found  # it does nothing
        return GuardedHook(_run_guarded, self, name, found)

    @property
    def user_context(self) -> UserContext:
        """The caller's context.

        Raises:
            OutsideGuardedCall: no guarded method of this command runs in this thread
        """
        return running_call(self, "user_context").context

    @property
    def user_api(self) -> WebexSimpleApi:
        """Webex's API with the caller's own token.

        Raises:
            OutsideGuardedCall: no guarded method of this command runs in this thread
        """
        return running_call(self, "user_api").api


class UserTokenMixin(_UserTokens):
    """Gives a command :attr:`user_context` and :attr:`user_api` inside guarded methods.

    Args:
        token_manager: where users' tokens come from; all other arguments are passed on
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_order(cls, UserTokenMixin)

    def __init__(self, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = checked_manager(self, token_manager)
        super().__init__(*args, **kwargs)


class GuardedHook(functools.partial[Any]):
    """What webex_bot calls of a guarded command: :func:`_run_guarded`, for this command and hook."""

    @property
    def __self__(self) -> Any:
        return self.args[0]


def _run_guarded(
    command: Any,
    name: str,
    hook: Callable[..., Any],
    message: Any,
    attachment_actions: Any,
    activity: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    needs = needs_of(type(command))  # type: ignore[arg-type]
    if needs is None:
        raise hidden_guard(command)
    request = Request(message, original(attachment_actions), activity)
    run = functools.partial(hook, message, request.action, activity, *args, **kwargs)
    return GuardedCall(command, name, request, needs, run).run()


class GuardedMethod:
    """A method with a guard, which guards the class that it is in.

    Args:
        method: what stands in the class: a function, or anything that can be called as a method
        needs: what it needs in addition to other guards of the class
    """

    def __init__(self, method: Any, needs: Needs) -> None:
        check_not_async(method)
        functools.update_wrapper(self, method)  # first: it copies the attributes of what it wraps
        self.__name__ = getattr(method, "__name__", "execute")
        self._method = method
        self._needs = needs

    def __set_name__(self, owner: type, name: str) -> None:
        check_hook(name, f"{owner.__qualname__}.{name}")
        self.__name__ = name
        if isinstance(self._method, GuardedMethod):
            self._method.__set_name__(owner, name)
        _guard_class(owner, self._needs)

    def __get__(self, command: Any, owner: type | None = None) -> Any:
        if command is None:
            return self
        bind = getattr(self._method, "__get__", None)
        method = bind(command, owner) if bind else self._method
        return GuardedHook(_run_guarded, command, self.__name__, method)

    def __call__(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        return self.__get__(command, type(command))(*args, **kwargs)


def _guard_class(cls: Any, needs: Needs) -> Any:
    before = vars(cls).get(_NEEDS)
    setattr(cls, _NEEDS, needs.joined_with(before) if before else needs)
    needs_of.cache_clear()
    if not issubclass(cls, _UserTokens):
        _mix_in(cls)
    _check_hooks(cls)
    return cls


def _mix_in(cls: Any) -> None:
    """Give a class that is decorated without the mixin what it needs of it."""
    check_base(cls, UserTokenMixin)
    own_init = cls.__init__
    takes_manager = "token_manager" in inspect.signature(own_init).parameters

    @functools.wraps(own_init)
    def init(self: Any, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = checked_manager(self, token_manager)
        if takes_manager:
            kwargs["token_manager"] = token_manager
        own_init(self, *args, **kwargs)

    cls.__init__ = init
    cls.__bases__ += (_UserTokens,)


class _Mark:
    """Stands in the body of a class that has a guard, and guards the class when it is made."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs

    def __set_name__(self, owner: type, _: str) -> None:
        if issubclass(owner, (Command, _UserTokens)):  # else the guard is for another class
            _guard_class(owner, self._needs)


def _mark_class_body(needs: Needs) -> None:
    """Mark the class in whose body a guard is made: other decorators may hide the guard in anything."""
    frame = inspect.currentframe()
    while frame and frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # of a function, such as a decorator
        frame = frame.f_back
    if frame and "__qualname__" in frame.f_locals:  # of a class; else of a module
        frame.f_locals[f"_webex_bot_auth_guard_{len(frame.f_locals)}"] = _Mark(needs)
