"""Who may run a guarded command now, and what the others are told."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from webex_bot.exceptions import BotException

from ..errors import MessageNotSent, StoreError, TokenServiceError
from .call import Call, Request, current_call

if TYPE_CHECKING:
    from ..user_context import TokenManager, UserContext

log = logging.getLogger(__name__)

Method = Callable[..., Any]


class CommandStopped(Exception):
    """Ends webex_bot's handling of a message; what there is to say has been said."""


@dataclass(frozen=True)
class Denied:
    """The command does not run.

    :ivar answer: what the thread gets; None: nothing
    :ivar ask: the author has to log in, and was not asked yet
    """

    answer: str | None = None
    ask: bool = False


#: what pre_execute found out, for the execute that webex_bot calls next in the same thread
_decided: ContextVar[tuple[Any, Any, Any] | None] = ContextVar("webex_bot_auth_decided", default=None)
#: a command that runs for the second time, after its author's login
resuming: ContextVar[bool] = ContextVar("webex_bot_auth_resuming", default=False)


def admit(command: Any, method: Method, request: Request, scopes: list[str]) -> Any:
    """Run a guarded method for somebody who is logged in; else see that he or she can log in."""
    running = current_call.get()
    if running and running.command is command and running.request.activity is request.activity:
        return method(command, request.message, request.action, request.activity)  # super().execute(...)
    name = getattr(method, "__name__", "")
    decision = _recall(command, request) if name != "pre_execute" else None
    if decision is None:
        decision = _decide(command, request, scopes)
    if name == "pre_execute":
        _decided.set((command, request.activity, decision))
    if not isinstance(decision, Denied):
        return _run(Call(command, request, decision), method, scopes)
    if name == "pre_execute":
        return None  # execute comes next, and answers
    answer = _ask(command, request, scopes) if decision.ask else decision.answer
    return _answer_and_stop(answer) if name == "pre_card_load_reply" else answer


def _decide(command: Any, request: Request, scopes: list[str]) -> UserContext | Denied:
    manager: TokenManager = command.token_manager
    try:
        context = manager.get_user_context_and_refresh(user_id=request.user_id)
    except (StoreError, TokenServiceError) as error:
        log.error("command not run: user %s: %s", request.user_id, error)  # noqa: TRY400 (no traceback)
        return Denied(answer=manager.chat.explain(error))
    return Denied(ask=True) if context is None or not context.grants(scopes) else context


def _recall(command: Any, request: Request) -> UserContext | Denied | None:
    decided = _decided.get()
    _decided.set(None)
    if decided is None or decided[0] is not command or decided[1] is not request.activity:
        return None
    decision: UserContext | Denied = decided[2]
    return decision


def _ask(command: Any, request: Request, scopes: list[str], sentence: str | None = None) -> str | None:
    """Send the login card 1:1. What is returned goes into the thread, and holds no link."""
    manager: TokenManager = command.token_manager
    try:
        sent = manager.request_login(
            user_id=request.user_id,
            scopes=scopes,
            sentence=sentence or manager.chat.texts.login_for_command.format(command=request.words(command)),
            interrupted=request.to_resume(command),
        )
    except MessageNotSent as error:
        log.warning("no login card for user %s: %s", request.user_id, error)
        return manager.chat.texts.cannot_write_direct
    except (StoreError, TokenServiceError) as error:
        log.error("no login for user %s: %s", request.user_id, error)  # noqa: TRY400 (no traceback)
        return manager.chat.explain(error)
    return manager.chat.texts.look_in_direct if sent and not request.is_direct else None


def _answer_and_stop(answer: str | None) -> Iterator[str]:
    """webex_bot posts what this yields; then the exception keeps it from showing the command's card."""
    if answer:
        yield answer
    raise CommandStopped


def _run(call: Call, method: Method, scopes: list[str]) -> Any:
    request = call.request
    token = current_call.set(call)
    result = None
    try:
        result = method(call.command, request.message, request.action, request.activity)
    except BotException:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a command raises, its author gets an answer)
        return _failed(call, error, scopes)
    finally:
        current_call.reset(token)
        if not isinstance(result, GeneratorType):
            call.close()
    return _continued(call, result, scopes) if isinstance(result, GeneratorType) else result


def _continued(call: Call, answers: Iterator[Any], scopes: list[str]) -> Iterator[Any]:
    """A command that yields its answers runs while webex_bot posts them: inside the call all the same."""
    try:
        while True:
            token = current_call.set(call)
            try:
                answer = next(answers)
            except StopIteration:
                return
            except BotException as error:  # webex_bot does not look for it here
                yield error.reply_message
                return
            except Exception as error:  # noqa: BLE001 (see above)
                yield _failed(call, error, scopes)
                return
            finally:
                current_call.reset(token)
            yield answer
    finally:
        call.close()


def _failed(call: Call, error: Exception, scopes: list[str]) -> str | None:
    command, request = call.command, call.request
    manager: TokenManager = command.token_manager
    if _is_refusal_of(call.context, error):
        manager.token_refused(call.context)
        answer = (
            manager.chat.texts.login_refused_again
            if resuming.get()  # once is enough: the login that has just been made is refused
            else _ask(command, request, scopes, manager.chat.texts.login_again)
        )
        _decided.set((command, request.activity, Denied(answer=None)))
        return answer
    reference = secrets.token_hex(4)
    log.error("command %r failed, reference %s", request.words(command), reference, exc_info=error)
    return manager.chat.texts.command_failed.format(reference=reference)


def _is_refusal_of(context: UserContext, error: Exception) -> bool:
    """Did Webex answer 401 to this very token? (Commands may use other tokens and other services.)"""
    response = getattr(error, "response", None)
    headers = getattr(getattr(response, "request", None), "headers", {})
    return (
        getattr(response, "status_code", None) == 401
        and headers.get("Authorization") == f"Bearer {context.tokens.access_token}"
    )
