"""``@requires_user_token``: a command runs with its author's own token, or its author is asked to log in."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, TypeVar, overload

from webex_bot.models.command import Command
from wxc_sdk import WebexSimpleApi

from ..models import UserContext
from ..service import LoginService
from ..webex.oauth import as_list
from .guarded_call import GuardedCall, running_call
from .request import Request, original

Decorated = TypeVar("Decorated")

#: the methods of a command that webex_bot calls; a guard on one of them guards all of them
HOOKS = ("execute", "pre_execute", "pre_card_load_reply")
#: attribute of a class that is guarded: the scopes that it needs
_SCOPES = "_webex_bot_auth_scopes"


@overload
def requires_user_token(target: Decorated, *, scopes: str | Iterable[str] = ()) -> Decorated: ...
@overload
def requires_user_token(
    target: None = None, *, scopes: str | Iterable[str] = ()
) -> Callable[[Decorated], Decorated]: ...
def requires_user_token(target: Any = None, *, scopes: str | Iterable[str] = ()) -> Any:
    """Guard a command: a class, or its ``execute`` (which guards what runs before it, too).

    A person who is not logged in gets a login card in the 1:1 space, and nothing of the command runs.

    Args:
        target: the class or method
        scopes: scopes that the command needs; who has granted fewer is asked to log in again
    """
    needed = as_list(scopes)
    if target is None:
        return functools.partial(requires_user_token, scopes=needed)
    if inspect.isclass(target):
        return _guard_class(target, needed)
    if not callable(target):
        raise TypeError("@requires_user_token goes on a command class or on one of its methods")
    return GuardedMethod(target, needed)


class UserTokenMixin:
    """Gives a command :attr:`user_context` and :attr:`user_api` inside guarded methods.

    Args:
        token_manager: where users' tokens come from; all other arguments are passed on
    """

    token_manager: LoginService

    def __init__(self, *args: Any, token_manager: LoginService, **kwargs: Any) -> None:
        _prepare(self, token_manager)
        super().__init__(*args, **kwargs)

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

    @property
    def card_callback(self) -> Any:
        """What webex_bot calls with a message or the submit of a card; guarded, whatever it is set to."""
        return self.__dict__["card_callback"]

    @card_callback.setter
    def card_callback(self, callback: Any) -> None:
        guarded = _guarded_hook(self, "execute", callback)
        self.__dict__["card_callback"] = callback if required_scopes(type(self)) is None else guarded


class GuardedMethod:
    """A method of a command behind the guard.

    Args:
        method: what stands in the class: a function, or anything that can be called as a method
        scopes: scopes that it needs
    """

    def __init__(self, method: Any, scopes: list[str]) -> None:
        functools.update_wrapper(self, method)  # first: it copies the attributes of what it wraps
        self._method = method
        self.scopes = scopes
        self._hook = getattr(method, "__name__", "execute")

    def __set_name__(self, owner: type, name: str) -> None:
        self._hook = name
        _guard_class(owner, self.scopes)

    def __get__(self, command: Any, owner: type | None = None) -> Any:
        return self if command is None else MethodType(self, command)

    def __call__(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        binds = hasattr(self._method, "__get__")
        bound = self._method.__get__(command, type(command)) if binds else self._method
        return _guarded_hook(command, self._hook, bound, self.scopes)(*args, **kwargs)


def required_scopes(cls: type) -> list[str] | None:
    """The scopes that all guards of a command class need together; None: it is not guarded."""
    found = [scopes for part in cls.__mro__ for scopes in _guards_of(part)]
    return list(dict.fromkeys(scope for scopes in found for scope in scopes)) if found else None


def _guards_of(cls: type) -> list[list[str]]:
    """The scopes of each guard that stands in this class itself."""
    found = [cls.__dict__[_SCOPES]] if _SCOPES in cls.__dict__ else []
    for name in HOOKS:
        method = cls.__dict__.get(name)
        while method is not None:  # there may be other decorators above a guard, or between two
            if isinstance(method, GuardedMethod):
                found.append(method.scopes)
            method = getattr(method, "__wrapped__", None)
    return found


def _guard_class(cls: Any, scopes: list[str]) -> Any:
    setattr(cls, _SCOPES, [*cls.__dict__.get(_SCOPES, ()), *scopes])
    if not hasattr(cls, "user_api"):
        _mix_in(cls)
    return cls


def _mix_in(cls: Any) -> None:
    """What :class:`UserTokenMixin` gives, for a class that is decorated without it."""
    for name in ("user_context", "user_api", "card_callback"):
        setattr(cls, name, getattr(UserTokenMixin, name))
    own_init = cls.__init__
    takes_manager = "token_manager" in inspect.signature(own_init).parameters

    @functools.wraps(own_init)
    def init(self: Any, *args: Any, token_manager: LoginService, **kwargs: Any) -> None:
        _prepare(self, token_manager)
        if takes_manager:
            kwargs["token_manager"] = token_manager
        own_init(self, *args, **kwargs)

    cls.__init__ = init


def _prepare(command: Any, token_manager: LoginService) -> None:
    """Guard all hooks of a new command, before webex_bot's own ``__init__`` takes references to them."""
    command.token_manager = token_manager
    if required_scopes(type(command)) is None:
        return
    for name in HOOKS:
        method = inspect.getattr_static(command, name, None)
        # webex_bot's own methods do nothing, or are abstract
        if method is not None and method is not inspect.getattr_static(Command, name):
            setattr(command, name, _guarded_hook(command, name, getattr(command, name)))


def _guarded_hook(
    command: Any, name: str, hook: Callable[..., Any], scopes: Iterable[str] = ()
) -> Callable[..., Any]:
    """A hook that runs for people who are logged in.

    Args:
        command: whose hook
        name: which one
        hook: the hook itself, bound to the command
        scopes: scopes that it needs in addition to those of its class
    """
    needed = list(dict.fromkeys([*(required_scopes(type(command)) or ()), *scopes]))

    @functools.wraps(hook)
    def guarded(message: Any, attachment_actions: Any, activity: Any, *args: Any, **kwargs: Any) -> Any:
        request = Request(message, original(attachment_actions), activity)
        run = functools.partial(hook, message, request.action, activity, *args, **kwargs)
        return GuardedCall(command, name, request, needed, run).run()

    return guarded
