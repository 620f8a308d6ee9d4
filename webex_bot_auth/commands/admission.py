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

Run = Callable[[], Any]


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


@dataclass
class Resumed:
    """A command that was called again after its author's login.

    :ivar ran: its body was entered
    """

    ran: bool = False


#: set while such a command is handled
resuming: ContextVar[Resumed | None] = ContextVar("webex_bot_auth_resuming", default=None)


def admit(command: Any, entrance: str, request: Request, scopes: list[str], run: Run) -> Any:
    """Run a guarded method for somebody who is logged in; else see that he or she can log in.

    :param entrance: by which of webex_bot's ways the command is entered: ``execute`` or one before it
    :param run: the method, with its arguments
    """
    running = current_call.get()
    if running and running.command is command and running.request.activity is request.activity:
        return run()  # super().execute(...)
    decision = _recall(command, request) if entrance != "pre_execute" else None
    if decision is None:
        decision = _decide(command, request, scopes)
    if entrance == "pre_execute":
        _decided.set((command, request.activity, decision))
    if not isinstance(decision, Denied):
        return _run(Call(command, entrance, request, decision), scopes, run)
    if entrance == "pre_execute":
        return None  # execute comes next, and answers
    answer = _ask(command, request, scopes) if decision.ask else decision.answer
    return _answer_and_stop(answer) if entrance == "pre_card_load_reply" else answer


def _decide(command: Any, request: Request, scopes: list[str]) -> UserContext | Denied:
    manager: TokenManager = command.token_manager
    try:
        context = manager.get_user_context_and_refresh(user_id=request.user_id)
    except (StoreError, TokenServiceError) as error:
        log.error("command not run: user %s: %s", request.user_id, error)  # noqa: TRY400 (no traceback)
        return Denied(answer=manager.chat.explain(error, request.user_id))
    if context is None or (scopes and not context.grants(scopes)):
        return Denied(ask=True)
    return context


def _recall(command: Any, request: Request) -> UserContext | Denied | None:
    decided = _decided.get()
    if decided is None:
        return None
    _decided.set(None)
    if decided[0] is not command or decided[1] is not request.activity:
        return None
    decision: UserContext | Denied = decided[2]
    return decision


def _ask(command: Any, request: Request, scopes: list[str], sentence: str | None = None) -> str | None:
    """Send the login card 1:1. What is returned goes into the thread, and holds no link."""
    manager: TokenManager = command.token_manager
    texts = manager.chat.texts(request.user_id)
    try:
        sent = manager.request_login(
            user_id=request.user_id,
            scopes=scopes,
            sentence=sentence
            or manager.chat.texts(request.user_id).login_for_command.format(command=request.words(command)),
            interrupted=request.to_resume(command),
        )
    except MessageNotSent as error:
        log.warning("no login card for user %s: %s", request.user_id, error)
        return texts.cannot_write_direct
    except (StoreError, TokenServiceError) as error:
        log.error("no login for user %s: %s", request.user_id, error)  # noqa: TRY400 (no traceback)
        return manager.chat.explain(error, request.user_id)
    return texts.look_in_direct if sent and not request.is_direct else None


def _answer_and_stop(answer: str | None) -> Iterator[str]:
    """webex_bot posts what this yields; then the exception keeps it from showing the command's card."""
    if answer:
        yield answer
    raise CommandStopped


def _run(call: Call, scopes: list[str], run: Run) -> Any:
    if resumed := resuming.get():
        resumed.ran = True
    token = current_call.set(call)
    result = None
    try:
        result = run()
    except BotException:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a command raises, its author gets an answer)
        return _stopped(call, _failed(call, error, scopes))
    finally:
        current_call.reset(token)
        is_done = not isinstance(result, GeneratorType)
        if is_done:
            call.close()
    return result if is_done else _continued(call, result, scopes)


def _stopped(call: Call, answer: str | None) -> Any:
    """What fails before ``execute`` keeps the rest from running, as it does without a guard."""
    if call.entrance == "pre_execute":
        _decided.set((call.command, call.request.activity, Denied()))
    return _answer_and_stop(answer) if call.entrance == "pre_card_load_reply" else answer


def _continued(call: Call, answers: GeneratorType[Any, None, Any], scopes: list[str]) -> Iterator[Any]:
    """A command that yields its answers runs while webex_bot posts them: inside the call all the same."""
    try:
        while True:
            token = current_call.set(call)
            try:
                answer = next(answers)
            except StopIteration:
                return
            except BotException as error:  # webex_bot does not look for it here
                answers.close()
                answer = _of_bot_exception(call, error)
            except Exception as error:  # noqa: BLE001 (see above)
                answer = _failed(call, error, scopes)
            finally:
                current_call.reset(token)
            yield answer
    finally:
        token = current_call.set(call)
        try:
            answers.close()
        finally:
            current_call.reset(token)
            call.close()


def _of_bot_exception(call: Call, error: BotException) -> Any:
    """An answer that its author wants to be private is private."""
    if not error.reply_one_to_one or call.request.is_direct:
        return error.reply_message
    chat = call.command.token_manager.chat
    texts = chat.texts(call.request.user_id)
    sent = chat.tell(call.request.user_id, str(error.reply_message))
    return texts.look_in_direct if sent else texts.cannot_write_direct


def _failed(call: Call, error: Exception, scopes: list[str]) -> str | None:
    command, request = call.command, call.request
    manager: TokenManager = command.token_manager
    if _is_refusal_of(call.context, error):
        try:
            manager.token_refused(call.context)
        except StoreError as trouble:
            log.error("refused token not dropped: user %s: %s", request.user_id, trouble)  # noqa: TRY400
            return manager.chat.explain(trouble, request.user_id)
        if resuming.get():  # once is enough: the login that has just been made is refused
            return manager.chat.texts(request.user_id).login_refused_again
        return _ask(command, request, scopes, manager.chat.texts(request.user_id).login_again)
    reference = secrets.token_hex(4)
    log.error("command %r failed, reference %s", request.words(command), reference, exc_info=error)
    return manager.chat.texts(request.user_id).command_failed.format(reference=reference)


def _is_refusal_of(context: UserContext, error: BaseException) -> bool:
    """Did Webex answer 401 to this very token? (Commands may use other tokens and other services.)"""
    cause = error.__cause__ or error.__context__
    if cause is not None and _is_refusal_of(context, cause):
        return True
    response = getattr(error, "response", None)
    headers = getattr(getattr(response, "request", None), "headers", {})
    return (
        getattr(response, "status_code", None) == 401
        and headers.get("Authorization") == f"Bearer {context.tokens.access_token}"
    )
