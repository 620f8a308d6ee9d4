"""What a command may answer: what webex_bot can post, and what only its author may read."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from types import GeneratorType
from typing import Any

from ..chat.messages import Chat
from ..errors import MessageNotSent, StoreError, TokenServiceError
from .failures import report
from .request import Request

log = logging.getLogger(__name__)

HOW = "return text, a Response, or a list or generator of these; None for no answer"


def checked(answer: Any) -> Any:
    """The answer itself.

    Raises:
        TypeError: webex_bot cannot post it; says what to return instead
    """
    if answer is None or answer is False or isinstance(answer, (str, GeneratorType)):
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


def privately(chat: Chat, request: Request, find: Callable[[], str | bool]) -> str | None:
    """Answer a person 1:1.

    Args:
        chat: sends the answer
        request: what is answered
        find: gives the answer; True: it has been sent 1:1 already; False: there is nothing to tell

    Returns:
        what goes into the thread: outside of the 1:1 space, one line that says where the answer is
    """
    user_id, texts = request.user_id, chat.texts(request.user_id)
    cannot_write = texts.cannot_write_now if request.is_direct else texts.cannot_write_direct
    try:
        answer = find()
    except MessageNotSent as error:
        log.warning("no private message to user %s: %s", user_id, error)
        return cannot_write
    except (StoreError, TokenServiceError) as error:
        log.error("no answer to user %s: %s", user_id, error)  # noqa: TRY400 (no traceback)
        return chat.explain(error, user_id)
    except Exception as error:  # noqa: BLE001 (a store of somebody else's may raise anything)
        return texts.command_failed.format(reference=report("an answer to its author", error))
    if request.is_direct:
        return answer if isinstance(answer, str) else None
    if isinstance(answer, str) and not chat.tell(user_id, answer):
        return cannot_write
    return texts.look_in_direct if answer else None
