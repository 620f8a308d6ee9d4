"""One call of a guarded command: whether it may run now for this person, and what to say if not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial
from types import GeneratorType
from typing import Any

from webex_bot.exceptions import BotException
from wxc_sdk import WebexSimpleApi

from ..chat.messages import Why
from ..errors import LoginRequired, OutsideGuardedCall, StoreError, TokenServiceError
from ..ground.scopes import lacking
from ..ground.turn import TurnLost
from ..models import UserContext, same_person
from ..service import LoginService
from .answers import checked, privately
from .failures import is_rate_limit, is_refusal_of, report
from .request import Request, display_name

log = logging.getLogger(__name__)


class CommandStopped(Exception):
    """Ends webex_bot's handling of a message; the person has been told what there is to say."""

    is_handled = True  # who watches a bot, as the sandbox does, need not report it


@dataclass(frozen=True)
class Needs:
    """What a command needs of its author's login.

    Attributes:
        scopes: all of these have to be granted
        reason: what for, in the bot author's words
    """

    scopes: list[str]
    reason: str | None

    def joined_with(self, other: Needs) -> Needs:
        """All scopes; our own reason, if there is one."""
        return Needs(list(dict.fromkeys([*self.scopes, *other.scopes])), self.reason or other.reason)


@dataclass
class Resumed:
    """Set while a command is called again after its author's login.

    Attributes:
        asked: scopes that were asked for because of it
        ran: whether its body was entered
    """

    asked: tuple[str, ...] = ()
    ran: bool = False


#: with a login, a command runs; else its author gets a login card that says why, or an answer, or nothing
Decision = UserContext | Why | str | None

resumed: ContextVar[Resumed | None] = ContextVar("webex_bot_auth_resumed", default=None)
#: what pre_execute found out, for the execute that webex_bot calls next in the same thread
_decided: ContextVar[tuple[Any, Any, Decision] | None] = ContextVar("webex_bot_auth_decided", default=None)
_current: ContextVar[GuardedCall | None] = ContextVar("webex_bot_auth_call", default=None)


class GuardedCall:
    """A call of one hook of a command, behind the guard.

    Args:
        command: the command; threads share it, so what belongs to one call is kept here
        hook: which of webex_bot's hooks is called
        request: what it answers
        needs: what the command needs of the login
        run: the hook, with its arguments
    """

    context: UserContext  # the caller's login; there is one where the body runs

    def __init__(
        self, command: Any, hook: str, request: Request, needs: Needs, run: Callable[[], Any]
    ) -> None:
        self.command = command
        self.hook = hook
        self.request = request
        self.needs = needs
        self.service: LoginService = command.token_manager
        self._body = run

    @cached_property
    def api(self) -> WebexSimpleApi:
        """Webex's API with the caller's token."""
        return self.service.api_of(self.context)

    def run(self) -> Any:
        """Run the hook for a person who is logged in; else see to it that the person can log in."""
        outer, activity = _current.get(), self.request.activity
        if outer and outer.command is self.command and outer.request.activity is activity:
            return self._body()  # such as super().execute(...): the guard has been passed already
        if self.hook == "pre_execute":
            decision = self._decide()
            _decided.set((self.command, activity, decision))
            if not isinstance(decision, UserContext):
                return None  # execute comes next, and answers
        else:
            noted = _decided.get()
            _decided.set(None)
            if noted and noted[0] is self.command and noted[1] is activity:
                decision = noted[2]
            else:
                decision = self._decide()
            if isinstance(decision, Why):
                decision = ask(self.service, self.request, self.needs.scopes, decision)
            if not isinstance(decision, UserContext):
                return self._deny(decision)
        self.context = decision
        if resuming := resumed.get():
            resuming.ran = True
        try:
            result = self._inside(self._body)
        except (BotException, TurnLost, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 (whatever a command raises, its author gets an answer)
            return self._deny(self._explain(error))
        return self._continue(result) if isinstance(result, GeneratorType) else result

    # -- may it run?

    def _decide(self) -> Decision:
        user_id = self.request.user_id
        try:
            context = self.service.get_user_context_and_refresh(user_id=user_id)
        except (StoreError, TokenServiceError) as error:
            log.error("command not run: user %s: %s", user_id, error)  # noqa: TRY400 (no traceback)
            return self.service.chat.explain(error, user_id)
        except Exception as error:  # noqa: BLE001 (a store of somebody else's may raise anything)
            reference = report(display_name(self.command), error)
            return self.service.chat.texts(user_id).command_failed.format(reference=reference)
        if context is None:
            return self._why()
        missing = context.lacks(self.needs.scopes)
        if missing and not lacking(context.not_granted, missing):  # another login would not help
            return self.service.chat.texts(user_id).scopes_not_granted.format(scopes=", ".join(missing))
        return self._why(again=True) if missing else context

    def _why(self, *, again: bool = False, sentence: str | None = None) -> Why:
        return Why(
            command=display_name(self.command), reason=self.needs.reason, again=again, sentence=sentence,
            resumes=self.service.runs_commands_after_logins(),
        )  # fmt: skip

    # -- it may not

    def _deny(self, answer: str | None) -> Any:
        """An answer instead of the hook's own, which also keeps the rest of the command from running."""
        if self.hook == "pre_execute":
            _decided.set((self.command, self.request.activity, None))
        return _answer_and_stop(answer) if self.hook == "pre_card_load_reply" else answer

    # -- it may

    def _continue(self, answers: GeneratorType[Any, None, Any]) -> Iterator[Any]:
        """A command that yields its answers runs while webex_bot posts them: inside the call all the same."""
        try:
            while True:
                yield self._inside(partial(next, answers))
        except StopIteration:
            return
        except BotException as error:  # webex_bot does not look for it here
            yield from _each(self._deny(self._answer_of(error)))
        except (TurnLost, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 (see above)
            yield from _each(self._deny(self._explain(error)))
        finally:
            self._inside(answers.close)

    def _inside(self, run: Callable[[], Any]) -> Any:
        """Run a piece of the command, which finds this call."""
        token = _current.set(self)
        try:
            return checked(run())
        finally:
            _current.reset(token)

    def _answer_of(self, error: BotException) -> Any:
        """An answer that its author wants to be private is private."""
        if not error.reply_one_to_one:
            return error.reply_message
        return privately(self.service.chat, self.request, lambda: str(error.reply_message))

    def _explain(self, error: BaseException) -> str | None:
        """Return what the author is told about an exception of the command."""
        user_id, chat = self.request.user_id, self.service.chat
        if isinstance(error, LoginRequired):
            return answer_login_required(self.service, self.request, error, display_name(self.command))
        if not is_refusal_of(self.context, error):
            reference = report(display_name(self.command), error, self.context)
            if is_rate_limit(error):
                return chat.texts(user_id).webex_busy
            return chat.texts(user_id).command_failed.format(reference=reference)
        try:
            login_needed = self.service.needs_login(self.context)
        except (StoreError, TokenServiceError) as trouble:
            log.error("refused token not renewed: user %s: %s", user_id, trouble)  # noqa: TRY400
            return chat.explain(trouble, user_id)
        if not login_needed:  # refreshed, or logged in again, while the command ran
            return chat.texts(user_id).login_renewed
        if resumed.get():  # once is enough: Webex refuses the login that has just been made
            return chat.texts(user_id).login_refused_again
        why = self._why(again=True, sentence=chat.texts(user_id).login_again)
        return ask(self.service, self.request, self.needs.scopes, why)


def ask(service: LoginService, request: Request, scopes: Iterable[str], why: Why) -> str | None:
    """Send a login card 1:1, for a command that runs after the login.

    Returns:
        what goes into the thread; it holds no link
    """
    earlier = resumed.get()
    asked = dict.fromkeys([*(earlier.asked if earlier else ()), *scopes])
    waiting = request.to_wait(why.command or "", asked) if why.resumes else None
    find = partial(service.ask_to_log_in, request.user_id, scopes, why, waiting)
    return privately(service.chat, request, find)


def answer_login_required(
    service: LoginService, request: Request, error: LoginRequired, name: str
) -> str | None:
    """Ask the author of a command to log in, where the command has found out that it needs that.

    Args:
        service: the token manager
        request: what the command answers
        error: what it needs
        name: what its author calls it

    Returns:
        what goes into the thread
    """
    user_id, texts = request.user_id, service.chat.texts(request.user_id)
    if not same_person(error.user_id, user_id):
        log.warning("command %r needs the login of another user: %s", name, error.user_id)
        return texts.login_of_another
    earlier = resumed.get()
    if earlier is not None and not lacking(earlier.asked, error.scopes):  # that login has just been made
        log.warning("command %r needs a login again right after one: %s", name, error)
        scopes = ", ".join(error.scopes)
        return texts.scopes_not_granted.format(scopes=scopes) if scopes else texts.login_refused_again
    resumes = service.runs_commands_after_logins()
    why = Why(command=name, reason=error.reason, again=bool(error.scopes), resumes=resumes)
    return ask(service, request, error.scopes, why)


def running_call(command: Any, attribute: str) -> GuardedCall:
    """The guarded call of this command that runs in this thread.

    Args:
        command: the command
        attribute: what is wanted of it, for the error

    Raises:
        OutsideGuardedCall: there is none
    """
    call = _current.get()
    if call is None or call.command is not command:
        raise OutsideGuardedCall(attribute)
    return call


def _each(answers: Any) -> Iterator[Any]:
    if isinstance(answers, GeneratorType):
        yield from answers
    elif answers is not None:  # webex_bot would post an empty message
        yield answers


def _answer_and_stop(answer: str | None) -> Iterator[str]:
    """webex_bot posts what this yields; then the exception keeps it from showing the command's card."""
    if answer:
        yield answer
    raise CommandStopped
