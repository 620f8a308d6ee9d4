"""``@requires_user_token``: a command runs with its author's own token, or its author is asked to log in."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import FunctionType, MethodType
from typing import Any, TypeVar, overload

from webex_bot.models.command import Command
from wxc_sdk import WebexSimpleApi

from ..models import UserContext
from ..service import LoginService
from ..webex.oauth import scopes_setting
from .definitions import HOOKS, check_hook, check_not_async, check_order, check_target, checked_manager
from .guarded_call import GuardedCall, Needs, running_call
from .request import Request, original

Decorated = TypeVar("Decorated")

#: attribute of a class that is guarded: what it needs; and of an ``__init__`` of ours
_NEEDS = "_webex_bot_auth_needs"
#: what needs_of() has found, as it is on the hot path; emptied with each class and command that is made
_needs: dict[type, Needs | None] = {}


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
    return GuardedMethod(target, needs, getattr(target, "__name__", "execute"))


class UserTokenMixin:
    """Gives a command :attr:`user_context` and :attr:`user_api` inside guarded methods.

    Args:
        token_manager: where users' tokens come from; all other arguments are passed on
    """

    token_manager: LoginService

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls.__init__, _NEEDS):  # as of a decorated parent
            check_order(cls, UserTokenMixin)
        _guard_hooks(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a command, and see to it that all hooks of its class are guarded, if one of them is."""
        _guard_hooks(cls)
        make = super().__new__
        return make(cls) if make is object.__new__ else make(cls, *args, **kwargs)

    def __init__(self, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = checked_manager(self, token_manager)
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
        if needs_of(type(self)) is not None and not _is_guarded(callback):
            # staticmethod: it is bound already
            callback = MethodType(GuardedMethod(staticmethod(callback), Needs(), "execute"), self)
        self.__dict__["card_callback"] = callback


class GuardedMethod:
    """A method of a command behind the guard.

    Args:
        method: what stands in the class: a function, or anything that can be called as a method
        needs: what it needs in addition to other guards of the class
        hook: which of webex_bot's hooks it is
    """

    def __init__(self, method: Any, needs: Needs, hook: str) -> None:
        check_not_async(method)
        functools.update_wrapper(self, method)  # first: it copies the attributes of what it wraps
        self._method = method
        self._binds = hasattr(method, "__get__")
        self.needs = needs
        self._hook = hook

    def __set_name__(self, owner: type, name: str) -> None:
        check_hook(name, f"{owner.__qualname__}.{name}")
        self._hook = name
        _guard_class(owner, self.needs)

    def __get__(self, command: Any, owner: type | None = None) -> Any:
        return self if command is None else MethodType(self, command)

    def __call__(
        self, command: Any, message: Any, attachment_actions: Any, activity: Any, *args: Any, **kwargs: Any
    ) -> Any:
        request = Request(message, original(attachment_actions), activity)
        bound = self._method.__get__(command, type(command)) if self._binds else self._method
        run = functools.partial(bound, message, request.action, activity, *args, **kwargs)
        # without the class's: a guard that another decorator hides from it
        needs = needs_of(type(command)) or self.needs
        return GuardedCall(command, self._hook, request, needs, run).run()


def required_scopes(cls: type) -> list[str] | None:
    """The scopes that all guards of a command class need together; None: it is not guarded."""
    needs = needs_of(cls)
    return None if needs is None else needs.scopes


def needs_of(cls: type) -> Needs | None:
    """What all guards of a command class need together; None: it is not guarded."""
    try:
        return _needs[cls]
    except KeyError:
        found = [needs for part in cls.__mro__ for needs in _guards_of(part)]
        _needs[cls] = _together(found) if found else None
        return _needs[cls]


def _together(guards: Iterable[Needs]) -> Needs:
    """All scopes, and the first reason: a subclass's, or a class's own one."""
    guards = list(guards)
    scopes = chain.from_iterable(guard.scopes for guard in guards)
    return Needs(list(dict.fromkeys(scopes)), next((one.reason for one in guards if one.reason), None))


def _guards_of(cls: type) -> list[Needs]:
    """What each guard needs that stands in this class itself."""
    found = [cls.__dict__[_NEEDS]] if _NEEDS in cls.__dict__ else []
    seen: set[int] = set()
    for name in HOOKS:
        found += [guard.needs for guard in _guards_in(cls.__dict__.get(name), seen)]
    return found


def _guards_in(method: Any, seen: set[int]) -> Iterator[GuardedMethod]:
    """There may be other decorators above a guard, or between two, also without ``functools.wraps``."""
    if not callable(method) or isinstance(method, type) or id(method) in seen:
        return
    seen.add(id(method))
    if isinstance(method, GuardedMethod):
        yield method
    # static: of an object that makes up its attributes, as of xmlrpc's, there is no end
    static = inspect.getattr_static(method, "__wrapped__", None)
    inside = [static if static is None or callable(static) else getattr(method, "__wrapped__", None)]
    if isinstance(method, FunctionType):
        inside += [cell.cell_contents for cell in method.__closure__ or () if _is_filled(cell)]
        inside += [*(method.__defaults__ or ()), *(method.__kwdefaults__ or {}).values()]
    elif isinstance(method, functools.partial):
        inside.append(method.func)
    else:
        inside += list(getattr(method, "__dict__", {}).values())
    for one in inside:
        yield from _guards_in(one, seen)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_guarded(callback: Any) -> bool:
    return isinstance(getattr(callback, "__func__", None), GuardedMethod)


def _guard_class(cls: Any, needs: Needs) -> Any:
    setattr(cls, _NEEDS, _together([cls.__dict__.get(_NEEDS, Needs()), needs]))
    if not issubclass(cls, UserTokenMixin):
        _mix_in(cls)
    _guard_hooks(cls)
    return cls


def _guard_hooks(cls: Any) -> None:
    """Guard all hooks of a class, also those that it overrides, if one of them or the class is guarded."""
    _needs.clear()
    if needs_of(cls) is None:
        return
    for name in HOOKS:
        method = inspect.getattr_static(cls, name, None)
        # webex_bot's own methods do nothing, or are abstract; but with this one, a command shows its card
        own = method is None or method is inspect.getattr_static(Command, name)
        if (not own or name == "pre_card_load_reply") and not isinstance(method, GuardedMethod):
            setattr(cls, name, GuardedMethod(method, Needs(), name))


def _mix_in(cls: Any) -> None:
    """What :class:`UserTokenMixin` gives, for a class that is decorated without it."""
    for name in ("user_context", "user_api"):
        if not hasattr(cls, name):
            setattr(cls, name, getattr(UserTokenMixin, name))
    cls.card_callback = UserTokenMixin.card_callback
    own_new, own_init = cls.__new__, cls.__init__
    if getattr(own_init, _NEEDS, False):
        return  # a parent was decorated, and its __init__ is inherited
    takes_manager = "token_manager" in inspect.signature(own_init).parameters

    def new(made: Any, *args: Any, **kwargs: Any) -> Any:
        _guard_hooks(made)
        return own_new(made) if own_new is object.__new__ else own_new(made, *args, **kwargs)

    @functools.wraps(own_init)
    def init(self: Any, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = checked_manager(self, token_manager)
        if takes_manager:
            kwargs["token_manager"] = token_manager
        own_init(self, *args, **kwargs)

    setattr(init, _NEEDS, True)
    cls.__new__, cls.__init__ = new, init
