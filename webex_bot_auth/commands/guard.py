"""``@requires_user_token``: a command runs with its author's own token, or its author is asked to log in."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from webex_bot.models.command import Command
from wxc_sdk import WebexSimpleApi

from ..oauth import as_list
from .admission import admit
from .call import Request, original, running

if TYPE_CHECKING:
    from ..user_context import TokenManager, UserContext

Decorated = TypeVar("Decorated")

#: webex_bot's ways into a command; a guard on one of them guards all of them
ENTRANCES = ("execute", "pre_execute", "pre_card_load_reply")


class UserTokenMixin:
    """Gives a command :attr:`user_context` and :attr:`user_api` inside guarded methods.

    :param token_manager: where users' tokens come from; all other arguments are passed on
    """

    token_manager: TokenManager

    def __init__(self, *args: Any, token_manager: TokenManager, **kwargs: Any) -> None:
        self.token_manager = token_manager
        super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # a guard that other decorators hide from the class: it is to hold for the whole command all the same
        if any(_is_guarded(inspect.getattr_static(cls, name, None)) for name in ENTRANCES):
            guard_class(cls, [])

    @property
    def user_context(self) -> UserContext:
        """The caller's context.

        :raises OutsideGuardedCall: no guarded method of this command runs in this thread
        """
        return running(self, "user_context").context

    @property
    def user_api(self) -> WebexSimpleApi:
        """Webex's API with the caller's own token.

        :raises OutsideGuardedCall: no guarded method of this command runs in this thread
        """
        return running(self, "user_api").api


@overload
def requires_user_token(target: Decorated, *, scopes: str | Iterable[str] = ()) -> Decorated: ...
@overload
def requires_user_token(
    target: None = None, *, scopes: str | Iterable[str] = ()
) -> Callable[[Decorated], Decorated]: ...
def requires_user_token(target: Any = None, *, scopes: str | Iterable[str] = ()) -> Any:
    """Guard a command: a class, or its ``execute`` (which guards what runs before it, too).

    Somebody who is not logged in gets a login card in the 1:1 space, and nothing of the command runs.

    :param scopes: scopes that the command needs; who has granted fewer is asked to log in again
    """
    needed = as_list(scopes)
    if target is None:
        return functools.partial(requires_user_token, scopes=needed)
    if inspect.isclass(target):
        return guard_class(target, needed)
    if not callable(target):
        raise TypeError("@requires_user_token goes on a command class or on one of its methods")
    return GuardedMethod(target, needed, getattr(target, "__name__", ""))


class GuardedMethod:
    """A method of a command behind the guard.

    :param method: what stands in the class: a function, or anything that can be called as a method
    :param scopes: scopes it needs
    :param entrance: by which of webex_bot's ways it is entered
    """

    def __init__(self, method: Any, scopes: list[str], entrance: str) -> None:
        functools.update_wrapper(self, method)  # first: it copies the attributes of what it wraps
        self.method = method
        self._binds = hasattr(method, "__get__")
        self.scopes = scopes
        self.entrance = entrance

    def __set_name__(self, owner: type, name: str) -> None:
        self.entrance = name
        guard_class(owner, self.scopes)

    def __get__(self, command: Any, owner: type | None = None) -> Any:
        return self if command is None else MethodType(self, command)

    def __call__(
        self, command: Any, message: Any, attachment_actions: Any, activity: Any, *args: Any, **kwargs: Any
    ) -> Any:
        request = Request(message, original(attachment_actions), activity)
        bound = self.method.__get__(command, type(command)) if self._binds else self.method
        run = functools.partial(bound, message, request.action, activity, *args, **kwargs)
        return admit(command, self.entrance, request, self.scopes, run)


class GuardedCallback:
    """``card_callback`` of a guarded command: what webex_bot calls, whatever the command sets it to."""

    def __init__(self, scopes: list[str]) -> None:
        self.scopes = scopes

    def __get__(self, command: Any, owner: type | None = None) -> Any:
        return self if command is None else command.__dict__["card_callback"]

    def __set__(self, command: Any, callback: Any) -> None:
        if not isinstance(getattr(callback, "__func__", None), GuardedMethod):
            # staticmethod: it is bound already
            callback = MethodType(GuardedMethod(staticmethod(callback), self.scopes, "execute"), command)
        command.__dict__["card_callback"] = callback


def guard_class(cls: Any, scopes: list[str]) -> Any:
    """Guard all entrances of a command class, and those of its subclasses."""
    for name in ENTRANCES:
        method = inspect.getattr_static(cls, name, None)
        if isinstance(method, GuardedMethod):
            _add_scopes(cls, name, method, scopes)
        elif method is not None and method is not inspect.getattr_static(Command, name):
            # webex_bot's own methods do nothing, or are abstract
            setattr(cls, name, GuardedMethod(method, scopes, name))
    inherited = getattr(cls, "card_callback", None)
    known = inherited.scopes if isinstance(inherited, GuardedCallback) else []
    cls.card_callback = GuardedCallback(list(dict.fromkeys([*known, *scopes])))
    if not hasattr(cls, "user_api"):
        _mix_in(cls)
    _guard_subclasses(cls, scopes)
    return cls


def _add_scopes(cls: type, name: str, method: GuardedMethod, scopes: list[str]) -> None:
    if set(scopes) - set(method.scopes):
        setattr(cls, name, GuardedMethod(method.method, [*method.scopes, *scopes], name))


def _is_guarded(method: Any) -> bool:
    """Is there a guard, perhaps below other decorators?"""
    while method is not None and not isinstance(method, GuardedMethod):
        method = getattr(method, "__wrapped__", None)
    return method is not None


def _guard_subclasses(parent: Any, scopes: list[str]) -> None:
    """A subclass that overrides a guarded method would otherwise lose the guard without a word."""
    own = parent.__dict__.get("__init_subclass__")

    def init_subclass(cls: type, /, **kwargs: Any) -> None:
        if own is None:
            super(parent, cls).__init_subclass__(**kwargs)
        else:
            own.__get__(None, cls)(**kwargs)
        guard_class(cls, scopes)

    parent.__init_subclass__ = classmethod(init_subclass)


def _mix_in(cls: Any) -> None:
    """What :class:`UserTokenMixin` gives, for a class that is decorated without it."""
    cls.user_context = UserTokenMixin.user_context
    cls.user_api = UserTokenMixin.user_api
    own_init = cls.__init__
    takes_manager = "token_manager" in inspect.signature(own_init).parameters

    @functools.wraps(own_init)
    def init(self: Any, *args: Any, token_manager: TokenManager, **kwargs: Any) -> None:
        self.token_manager = token_manager
        if takes_manager:
            kwargs["token_manager"] = token_manager
        own_init(self, *args, **kwargs)

    cls.__init__ = init
