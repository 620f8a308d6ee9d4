"""What a command may answer: what webex_bot posts."""

from __future__ import annotations

import inspect
from types import GeneratorType
from typing import Any

HOW = "return text, a Response, or a list or generator of these; None for no answer"


def checked(answer: Any) -> Any:
    """The answer itself.

    Raises:
        TypeError: webex_bot cannot post it; says what to return instead
    """
    if answer is None or answer is False or isinstance(answer, GeneratorType):
        return answer
    for part in answer if isinstance(answer, list) else [answer]:
        if not _is_postable(part):
            if inspect.iscoroutine(part):
                part.close()  # else Python warns that nobody awaits it
            raise TypeError(f"the command answers with {type(part).__name__}: {HOW}")
    return answer


def _is_postable(part: Any) -> bool:
    if isinstance(part, str):
        return True
    from webex_bot.models.response import Response  # it imports webexpythonsdk, which takes time

    return isinstance(part, Response)
