"""Decorators without functools.wraps, which hide what they are put on in various places."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def nested(function: Any) -> Any:
    def outer(self: Any, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return function(self, message, attachment_actions, activity)

    return outer


def by_default(function: Any) -> Any:
    def outer(self: Any, message: Any, attachment_actions: Any, activity: Any, inner: Any = function) -> Any:
        return inner(self, message, attachment_actions, activity)

    return outer


def reporting_to(server: Any) -> Callable[[Any], Any]:
    def decorator(function: Any) -> Any:
        def outer(self: Any, message: Any, attachment_actions: Any, activity: Any) -> Any:
            server.report(message)
            return function(self, message, attachment_actions, activity)

        return outer

    return decorator


def in_a_list(function: Any) -> Any:
    kept = [function]

    def outer(self: Any, message: Any, attachment_actions: Any, activity: Any) -> Any:
        return kept[0](self, message, attachment_actions, activity)

    return outer


class Slotted:
    __slots__ = ("function",)

    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, command: Any, owner: Any = None) -> Any:
        return functools.partial(self.function, command)

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


class Calling:
    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, command: Any, owner: Any = None) -> Any:
        return functools.partial(self, command)

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)
