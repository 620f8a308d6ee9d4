"""``@requires_user_token``: a command runs with its author's own token, or its author is asked to log in.

webex_bot reads attributes of a command, and calls what it finds. In a guarded class, a :class:`Guard` stands
before each of them, wherever it comes from: the class itself, a parent, or the one command.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

from webex_bot.models.command import Command
from wxc_sdk import WebexSimpleApi

from ..models import UserContext
from ..service import LoginService
from ..webex.oauth import scopes_setting
from . import definition_errors as mistakes
from .guarded_call import GuardedCall, Needs, running_call
from .request import Request, original

Decorated = TypeVar("Decorated")

#: what webex_bot calls; the callbacks are ``execute``, unless a command sets them to something else
ENTRANCES = (*mistakes.HOOKS, "card_callback", "pre_card_callback")
#: attribute of a class that has guards: what they need together
_NEEDS = "_webex_bot_auth_needs"
#: what a guard stands before, where its class inherits it
_INHERITED: Any = object()
#: does nothing: a look-up before it would be one too many
_NO_PRE_EXECUTE = Command.pre_execute


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
        _guard_class(target, needs)
        return target
    mistakes.check_target(target)
    if type(target) is Guard and target.needs:  # one for both
        _unplaced.pop(target, None)
        target, needs = target.definition, needs.joined_with(target.needs)
    guard = Guard(getattr(target, "__name__", "execute"), target, needs=needs)
    _unplaced[guard] = needs
    return guard


def required_scopes(cls: type) -> list[str] | None:
    """Return the scopes that all guards of a command class need together; None: it is not guarded."""
    needs = needs_of(cls)
    return None if needs is None else needs.scopes


@functools.lru_cache(1024)
def needs_of(cls: type) -> Needs | None:
    """Return what all guards of a command class need together; None: it is not guarded."""
    found = [vars(part)[_NEEDS] for part in cls.__mro__ if _NEEDS in vars(part)]
    return functools.reduce(Needs.joined_with, found) if found else None


class UserTokenMixin:
    """Gives a command :attr:`user_context` and :attr:`user_api` inside guarded methods.

    Args:
        token_manager: where users' tokens come from; all other arguments are passed on
    """

    token_manager: LoginService

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        mistakes.check_order(cls, UserTokenMixin)
        _guard_class(cls)

    def __init__(self, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = mistakes.checked_manager(self, token_manager)
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


class Guard:
    """Stands before something that webex_bot calls, which runs for a person who is logged in.

    In a class it is a data descriptor: Python asks it before it looks at the command itself.

    Args:
        name: the attribute that webex_bot reads
        definition: what is there: a function, or anything that can be called as a method
        owner: the class in which it stands; None: it stands in a command, or in nothing yet
        needs: what it was made with; None: nothing of which its class does not know
    """

    def __init__(self, name: str, definition: Any, owner: Any = None, needs: Needs | None = None) -> None:
        shown = inspect.getattr_static(owner, name, None) if owner else definition
        mistakes.check_not_async(shown)
        functools.update_wrapper(self, shown)  # first: it copies the attributes of what it wraps
        self.__name__ = getattr(shown, "__name__", name)
        self.name, self.definition, self.owner, self.needs = name, definition, owner, needs

    def __set_name__(self, owner: Any, name: str) -> None:
        _unplaced.pop(self, None)
        if name not in ENTRANCES:
            mistakes.check_hook(name, f"{owner.__qualname__}.{name}")
        needs = self.needs or needs_of(self.owner)  # where it has an owner, it was taken from that class
        _guard_class(owner, *([needs] if needs else []))

    def __get__(self, command: Any, owner: Any = None) -> Any:
        if command is None:
            return self
        # super() asks the guards of parents, which have nothing to do with what the command itself has
        own = vars(command).get(self.name) if type(command) is self.owner else None
        if own is None or getattr(own, "__func__", None) is _STAND_INS[self.name]:
            return MethodType(self, command)
        if type(own) is MethodType and type(own.__func__) is Guard and own.__self__ is command:
            return own
        return MethodType(Guard(self.name, staticmethod(own)), command)

    def __set__(self, command: Any, hook: Any) -> None:
        check_guard(command)
        vars(command)[self.name] = hook
        vars(command)[self.name] = getattr(command, self.name)  # behind a guard of its own

    def __call__(
        self, command: Any, message: Any, attachment_actions: Any, activity: Any, *args: Any, **kwargs: Any
    ) -> Any:
        cls: Any = type(command)
        needs = needs_of(cls)
        if needs is None or (self.needs and not set(self.needs.scopes) <= set(needs.scopes)):
            raise mistakes.hidden_guard(cls)
        if self.definition is not _INHERITED:
            bind = getattr(type(self.definition), "__get__", None)
            hook = bind(self.definition, command, cls) if bind else self.definition
        elif self.owner:
            hook = getattr(super(self.owner, command), self.name)
        else:  # a stand-in: something has been put in the place of the guard of the class
            check_guard(command)
            hook = getattr(command, self.name)
        if getattr(hook, "__func__", None) is _NO_PRE_EXECUTE:
            return None
        request = Request(message, original(attachment_actions), activity)
        run = functools.partial(hook, message, request.action, activity, *args, **kwargs)
        return GuardedCall(command, self.name, request, needs, run).run()


#: guards that a command has itself, of which Python thinks where somebody replaces those of its class
_STAND_INS = {name: Guard(name, _INHERITED) for name in ENTRANCES}
#: guards of methods of which no class knows, as it is still being made, or as other decorators hide them
_unplaced: WeakKeyDictionary[Guard, Needs] = WeakKeyDictionary()


def check_guard(command: Any) -> None:
    """Put guards before what has been put into a command or its class since they were made."""
    _guard_class(type(command))
    if needs_of(type(command)) is not None:  # type: ignore[arg-type]  # mypy: classes are no keys
        for name, guard in _STAND_INS.items():
            vars(command).setdefault(name, MethodType(guard, command))


def _guard_class(cls: Any, *needs: Needs) -> None:
    """Put guards into a class and its subclasses, wherever there are none yet.

    Args:
        cls: the class; one that needs nothing is left as it is
        needs: what it needs from now on, in addition to what it and its parents need, and to what guards
            need that other decorators hide in their bodies

    Raises:
        TypeError: a guard may be hidden in any class, the class is no command, or it has a mistake
    """
    parts = {(part.__module__, part.__qualname__): part for part in reversed(cls.__mro__)}
    for guard, hidden in list(_unplaced.items()):
        body = getattr(guard, "__qualname__", "").rpartition(".")[0]  # in which the function was defined
        part = parts.get((guard.__module__, body))
        is_anywhere = body.endswith("<locals>") or not body  # in a function, such as another decorator
        if part or is_anywhere:
            del _unplaced[guard]
        if is_anywhere:
            raise mistakes.hidden_guard(cls)
        if part is not None and part is not cls and issubclass(part, Command):
            _guard_class(part, hidden)
        elif part:
            needs = (hidden, *needs)
    if needs:
        if not issubclass(cls, UserTokenMixin) and needs_of(cls) is None:
            _give_tokens(cls)
        before = [vars(cls)[_NEEDS]] if _NEEDS in vars(cls) else []
        setattr(cls, _NEEDS, functools.reduce(Needs.joined_with, [*needs, *before]))
        needs_of.cache_clear()
    if needs_of(cls) is None:
        return
    mistakes.check_reading(cls)
    for name in ENTRANCES:
        own = vars(cls).get(name, _INHERITED)
        if type(own) is not Guard:
            type.__setattr__(cls, name, Guard(name, own, cls))
        elif own.owner is not cls:  # the guard of a method, or of another class
            type.__setattr__(cls, name, Guard(name, own.definition, cls))
    for subclass in type.__subclasses__(cls):
        _guard_class(subclass)


def _give_tokens(cls: Any) -> None:
    """Give a class that is decorated without the mixin what it needs of it."""
    mistakes.check_base(cls, UserTokenMixin)
    for name in ("user_context", "user_api"):
        if not hasattr(cls, name):
            setattr(cls, name, vars(UserTokenMixin)[name])
    own_init, own_init_subclass = cls.__init__, vars(cls).get("__init_subclass__")
    takes_manager = "token_manager" in inspect.signature(own_init).parameters

    @functools.wraps(own_init)
    def init(self: Any, *args: Any, token_manager: LoginService | None = None, **kwargs: Any) -> None:
        self.token_manager = mistakes.checked_manager(self, token_manager)
        if takes_manager:
            kwargs["token_manager"] = token_manager
        own_init(self, *args, **kwargs)

    def init_subclass(subclass: Any, /, **kwargs: Any) -> None:
        found: Any = own_init_subclass or super(cls, subclass).__init_subclass__
        (found.__get__(None, subclass) if own_init_subclass else found)(**kwargs)
        _guard_class(subclass)

    cls.__init__, cls.__init_subclass__ = init, classmethod(init_subclass)
