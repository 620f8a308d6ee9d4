"""A login ends: its browser is back, or its code was approved. :meth:`Ending.finish` tells how."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from functools import partial

from wxc_sdk.tokens import Tokens

from ..chat.messages import Chat, Why
from ..errors import ClientRefused, MessageNotSent, StoreError, TokenServiceError
from ..ground.queues import Queues
from ..ground.scopes import lacking
from ..models import Outcome, RedirectText, UserContext, reference, same_person
from ..signals import Announcer, logged_in, login_failed, login_refused
from ..stores import Due, FlowStore, Reminder
from ..webex.identity import identify
from ..webex.oauth import WebexOAuth
from . import desk
from .asking import Asking
from .contexts import Contexts
from .desk import END_SECONDS, Finished, Flow
from .desks import RUN, TIDY, Desks, item, parts_of
from .tidying import Tidying

log = logging.getLogger(__name__)

#: how long the page of a second request waits for the first one to end the login; seconds
WAIT_SECONDS = 20.0

#: between two warnings about logins of other processes; seconds
WARN_SECONDS = 60.0

#: how a redirect that brings an error ends; any other error is a fault of the settings
REFUSALS = {
    "access_denied": Outcome.REFUSED,
    "server_error": Outcome.TRY_AGAIN,
    "temporarily_unavailable": Outcome.TRY_AGAIN,
}
#: what the operator can do about the others
_FIXES = {
    "invalid_scope": "take the scope out of integration.scopes, or tick it at developer.webex.com",
}
_COMPARE = "compare integration.client_id, redirect_url and scopes with what developer.webex.com shows"
#: what a new card is sent for
_AGAIN = (Outcome.TRY_AGAIN, Outcome.WRONG_PERSON)


@dataclass(eq=False, repr=False)
class Ending:
    """Ends logins.

    The end of a login that works is three swaps: the login is *ending* on its person's desk, the tokens are
    in the user's record, the login is *done* and what waited for it is released. A logout takes the login off
    the desk, wherever it comes in between; then the last swap fails, and exactly these tokens are deleted.
    Where a process dies in between, :meth:`recover` ends the login.

    Attributes:
        oauth: the integration's endpoints
        contexts: where tokens are stored
        flows: where commands that were released are noted
        desks: what is under way
        chat: what people are told
        announce: signals of logins
        asking: sends a new card where a login can be tried again
        tidying: deletes cards
        messages: tells people in the background, in their order, while they see the page
        seconds: how long a login may take
    """

    oauth: WebexOAuth
    contexts: Contexts
    flows: FlowStore
    desks: Desks
    chat: Chat
    announce: Announcer
    asking: Asking
    tidying: Tidying
    messages: Queues
    seconds: float
    _warn_at: float = field(default=0.0, init=False)

    def finish(self, flow_id: str, *, code: str = "", error: str = "") -> RedirectText:
        """End a login that comes back to the redirect address.

        Args:
            flow_id: OAuth flow id
            code: authorization code (RFC 6749 section 4.1.2)
            error: instead, a short error code (section 4.1.2.1); ``access_denied`` where the person refused

        Returns:
            the text for the page
        """
        # whose login is it? From now on it is ending, and nobody else can end it
        try:
            used = self._use(flow_id)
        except StoreError as trouble:
            log.error("redirect not processed: %s", trouble)  # noqa: TRY400 (no traceback)
            return self.chat.page(Outcome.STORE_DOWN)
        if isinstance(used, Outcome):
            log.info("redirect refused, flow %s is %s", reference(flow_id), used.value)
            return self.chat.page(used)
        user_id, flow = used
        if flow.state != "pending":
            return self.chat.page(self._end_of_the_first(user_id, flow_id), user_id)
        self.chat.bot.learn()  # for the page, in the background; a request without a login asks nothing

        # what does it bring?
        if error:
            outcome = REFUSALS.get(error, Outcome.NOT_SET_UP)
            if outcome is Outcome.NOT_SET_UP:
                asked = " ".join(flow.scopes or self.oauth.scopes)
                log.error(
                    "login for %s failed: Webex answers %.40r; %s", asked, error, _FIXES.get(error, _COMPARE)
                )
            else:
                log.info("Webex answers %.40r", error)
            return self._fail(user_id, flow, outcome, error)
        try:
            tokens = self.oauth.exchange(code=code, verifier=flow.verifier, asked=flow.scopes or ())
        except TokenServiceError as trouble:
            return self._fail(user_id, flow, _outcome_of(user_id, trouble))
        return self._accept(user_id, flow, tokens)

    def finish_device(self, user_id: str, flow_id: str, answer: Tokens | TokenServiceError) -> None:
        """End a login of the device grant: with tokens, or with the failure that ended it."""
        step = partial(desk.use, flow_id=flow_id)
        flow = self.desks.change(user_id, step, remind=[_reminder(user_id, flow_id)])
        if flow is None or flow.state != "pending":
            return
        if isinstance(answer, Tokens):
            answer.scope = answer.scope or " ".join(flow.scopes or self.oauth.scopes)
            self._accept(user_id, flow, answer)
        elif isinstance(answer, ClientRefused):
            self._fail(user_id, flow, _outcome_of(user_id, answer), answer.error or "")
        else:
            # an expired code: its card goes by itself, and there may be a newer one
            outcome = REFUSALS.get(str(answer.error), Outcome.NO_SUCH_FLOW)
            self._fail(user_id, flow, outcome, answer.error or "")

    def _accept(self, user_id: str, flow: Flow, tokens: Tokens) -> RedirectText:
        """The second half, for both grants: check whose tokens these are, store them, and let things run."""
        try:
            person = identify(tokens, self.oauth.connections)
            if not same_person(person.person_id or "", user_id):
                return self._fail(user_id, flow, Outcome.WRONG_PERSON)  # the tokens are used for nothing else
            asked = flow.scopes or self.oauth.scopes
            lacks = lacking(tokens.scope, asked)
            if lacks:  # such as an administrator's scope, for somebody who is none
                log.warning("Webex did not grant all scopes: user %s lacks %s", user_id, ", ".join(lacks))
            context = UserContext(
                user_id=user_id,
                tokens=tokens,
                display_name=person.display_name,
                email=next(iter(person.emails or ()), None),
                login=reference(flow.id),
                not_granted=lacks or None,
            )
            self.contexts.save(user_id, context)
        except TokenServiceError as trouble:
            return self._fail(user_id, flow, _outcome_of(user_id, trouble))
        except StoreError as trouble:
            log.error("login not stored: user %s: %s", user_id, trouble)  # noqa: TRY400 (no traceback)
            return self._fail(user_id, flow, Outcome.STORE_DOWN)
        try:
            outcome = self._complete(context, flow.id)
        except StoreError as trouble:
            # the tokens are stored: whether a logout came in between is found out when the store answers
            log.warning("login not completed yet, trying again: user %s: %s", user_id, trouble)
            self.messages.submit_or_run(user_id, partial(self.recover, user_id, flow.id, is_late=True))
            outcome = Outcome.DONE
        return self.chat.page(outcome, user_id)

    def _complete(self, context: UserContext, flow_id: str) -> Outcome:
        """The last swap: the login is done, unless its person has logged out; what waited is released."""
        user_id = context.user_id
        finished = self.desks.change(user_id, partial(desk.finish, flow_id=flow_id, seconds=self.seconds))
        if finished is None:
            log.info("login undone, as user %s has logged out: flow %s", user_id, reference(flow_id))
            try:
                self.contexts.replace(context, None)
            except StoreError as trouble:  # tried again when the reminder of this login is due
                log.error("login not deleted after a logout: user %s: %s", user_id, trouble)  # noqa: TRY400
                return Outcome.STORE_DOWN
            return Outcome.NO_SUCH_FLOW
        self._tell_done(context, flow_id, finished)
        return Outcome.DONE

    def _tell_done(self, context: UserContext, flow_id: str, finished: Finished) -> None:
        user_id = context.user_id
        self.desks.note_ended(flow_id, self.seconds)  # the list of pending logins; it never raises
        log.info("login done: flow %s, user %s", reference(flow_id), user_id)
        self.announce.send(logged_in, user_id=user_id)
        self.messages.submit_or_run(user_id, partial(self._welcome, context, finished))

    def _welcome(self, context: UserContext, finished: Finished) -> None:
        """Tell the person that it worked; then the commands run, whose answers come after that."""
        user_id = context.user_id
        self.chat.welcome(user_id, context.display_name or "", finished.commands)
        for command in finished.lapsed:
            self.chat.tell_lapsed(command)
        if finished.commands:
            self._run_released(user_id)
        self.tidying.tidy(user_id, all_over=True)

    def _run_released(self, user_id: str) -> None:
        """Let commands run now, sooner than the reminder that came with their release."""
        try:
            self.flows.remind(Reminder(RUN, item(user_id), 0.0))
        except StoreError as trouble:
            log.warning("commands run a bit later: user %s: %s", user_id, trouble)

    def _fail(self, user_id: str, flow: Flow, outcome: Outcome, error: str = "") -> RedirectText:
        """End a login that did not work; what waits for it goes on waiting only where there is a new card."""
        give_up = outcome not in (*_AGAIN, Outcome.NO_SUCH_FLOW)
        try:
            # now, and not in the background: the person's next command waits for the next login
            step = partial(desk.fail, flow_id=flow.id, give_up=give_up, seconds=self.seconds)
            moment = self.desks.change(user_id, step)
            self.desks.note_ended(flow.id, self.seconds)
        except StoreError as trouble:
            log.warning("the end of a login is not noted: user %s: %s", user_id, trouble)
            moment = 0.0
        log.info("login %s: flow %s, user %s", outcome.value, reference(flow.id), user_id)
        if outcome is Outcome.REFUSED:
            self.announce.send(login_refused, user_id=user_id)
        else:
            self.announce.send(login_failed, user_id=user_id, error=error or outcome.value)
        if moment is not None and outcome is not Outcome.NO_SUCH_FLOW:  # None: the person has logged out
            self.messages.submit_or_run(user_id, partial(self._tell_failure, user_id, flow, outcome, moment))
        return self.chat.page(outcome, user_id)

    def _tell_failure(self, user_id: str, flow: Flow, outcome: Outcome, moment: float) -> None:
        texts = self.chat.texts(user_id)
        if outcome in _AGAIN:
            is_other = outcome is Outcome.WRONG_PERSON
            sentence = f"{texts.someone_else} {texts.use_new_button}" if is_other else texts.try_login_again
            try:
                if self.asking.ask(user_id, flow.scopes or (), why=Why(sentence=sentence)):
                    return
            except (MessageNotSent, StoreError, TokenServiceError) as trouble:
                log.warning("no new login card for user %s: %s", user_id, trouble)
            try:  # there is no new card: nothing waits for one any longer, but for what has come since
                self.desks.change(user_id, partial(desk.stop_waiting, before=moment))
            except StoreError as trouble:
                log.warning("what waits goes on waiting: user %s: %s", user_id, trouble)
        self.chat.tell_outcome(user_id, outcome)
        self.tidying.tidy(user_id, all_over=True)

    # -- the agenda of what is over

    def take(self, due: Due) -> None:
        """Tidy a desk, or look whether a login has ended, after what is said to the person before that."""
        self.messages.submit(parts_of(due.item)[0], partial(self._tidy, due))

    def _tidy(self, due: Due) -> None:
        user_id, flow_id = parts_of(due.item)
        if not (self.recover(user_id, flow_id) if flow_id else self.tidying.tidy(user_id)):
            return
        desk, now, _ = self.desks.read(user_id)
        if not flow_id and (first := desk.first_end()) is not None:
            # not done: somebody's reminder may be there already, and what it is for not yet
            self.flows.remind(Reminder(TIDY, item(user_id), max(0.0, first - now)))
        else:
            self.flows.done(due)

    def renew(self) -> None:
        """Tidying twice does no harm."""

    # -- what is not the usual way

    def _use(self, flow_id: str) -> tuple[str, Flow] | Outcome:
        """Use a login up; it as it was before, and whose it is; or why there is none."""
        owner = self.desks.owner(flow_id, self.seconds)
        if owner is None:
            if not self.desks.is_of_another_process(flow_id):
                return Outcome.NO_SUCH_FLOW
            if time.monotonic() >= self._warn_at:
                self._warn_at = time.monotonic() + WARN_SECONDS
                log.warning(
                    "a login came back to another process than it began in, or after a restart: its person "
                    "has to ask for a new button; several processes need RedisTokenManager"
                )
            return Outcome.OTHER_PROCESS
        user_id, is_of_older_version = owner
        if is_of_older_version and self.desks.read(user_id).desk.flow(flow_id) is None:
            flow = Flow(id=flow_id)
            self.desks.change(user_id, partial(desk.ask, flow=flow, command=None, seconds=self.seconds))
        step = partial(desk.use, flow_id=flow_id)
        used = self.desks.change(user_id, step, remind=[_reminder(user_id, flow_id)])
        return Outcome.NO_SUCH_FLOW if used is None else (user_id, used)

    def _end_of_the_first(self, user_id: str, flow_id: str) -> Outcome:
        """Return how a login ended that another request has used up; that request is waited for."""
        ends = {"done": Outcome.DONE_BEFORE, "failed": Outcome.USED, "ending": Outcome.UNDER_WAY}
        give_up = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                flow = self.desks.read(user_id).desk.flow(flow_id)
            except StoreError:
                return Outcome.STORE_DOWN
            if flow is None or flow.state != "ending" or time.monotonic() > give_up:
                return Outcome.NO_SUCH_FLOW if flow is None else ends[flow.state]
            time.sleep(0.1)

    def release(self, flow_id: str) -> None:
        """End a login that a token manager has ended in its own way: its card goes, and commands run."""
        used = self._use(flow_id)
        if not isinstance(used, Outcome):
            user_id, flow = used
            self.desks.change(user_id, partial(desk.finish, flow_id=flow.id, seconds=self.seconds))
            self._run_released(user_id)
            self.tidying.soon(user_id)

    def recover(self, user_id: str, flow_id: str, *, is_late: bool = False) -> bool:
        """End a login whose process died while it was ending, or could not reach the store.

        Args:
            user_id: whose login
            flow_id: OAuth flow id
            is_late: it is this process's own, so its time need not be over

        Returns:
            whether there is nothing left to do
        """
        try:
            found = self.desks.read(user_id)
            flow, context = found.desk.flow(flow_id), self.contexts.load(user_id)
            is_stored = context is not None and context.login == reference(flow_id)
            if flow is not None and flow.state == "ending":
                if flow.ends > found.now and not is_late:
                    return False
                if context is not None and is_stored:
                    return self._complete(context, flow_id) is not Outcome.STORE_DOWN
                self._fail(user_id, flow, Outcome.TRY_AGAIN)
                flow = self.desks.read(user_id).desk.flow(flow_id)
                return flow is None or flow.state != "ending"
            if context is not None and is_stored:
                if flow is None or flow.state == "failed":  # undone, whatever the store answered then
                    self.contexts.replace(context, None)
                elif is_late:  # done, and only the answer was lost
                    self._tell_done(context, flow_id, Finished(found.desk.released, ()))
        except StoreError as trouble:
            log.warning("login not ended, trying again: user %s: %s", user_id, trouble)
            return False
        return True


def _reminder(user_id: str, flow_id: str) -> Reminder:
    """Somebody looks whether a login has ended, also where a logout has taken it off the desk."""
    return Reminder(TIDY, item(user_id, flow_id), END_SECONDS)


def _outcome_of(user_id: str, trouble: TokenServiceError) -> Outcome:
    if isinstance(trouble, ClientRefused):
        log.error("login failed: %s", trouble)
        return Outcome.NOT_SET_UP
    log.warning("login failed: user %s: %s", user_id, trouble)
    return Outcome.TRY_AGAIN
