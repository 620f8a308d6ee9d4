"""The end of a login: what becomes of what waited for it, and what the person is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..chat.messages import Chat, Why
from ..chat.speaker import Speaker
from ..errors import MessageNotSent, StoreError, TokenServiceError
from ..models import FlowState, Outcome, RedirectText, reference
from ..signals import Announcer, logged_in, login_failed, login_refused
from .acceptance import Accepted
from .contexts import Contexts
from .login_cards import LoginCards
from .pending import Pending, Taken

log = logging.getLogger(__name__)

#: how often the store is asked whether a logout was before or after a login came back
MAX_LOOKS = 4


@dataclass(repr=False, eq=False)
class AfterLogin:
    """Ends logins. What is said in chat is said in the background, while the person sees the page.

    Attributes:
        contexts: where the tokens are
        pending: commands and cards that wait for a login
        chat: what people are told
        announce: signals of logins
        cards: login cards, which go
        speaker: says it in the background
        ask: sends a new login card, see :meth:`webex_bot_auth.logins.login.Login.ask`
    """

    contexts: Contexts
    pending: Pending
    chat: Chat
    announce: Announcer
    cards: LoginCards
    speaker: Speaker
    ask: Callable[..., bool]

    def end(
        self, flow_id: str, flow: FlowState, result: Outcome | Accepted, *, since: float, error: str | None
    ) -> RedirectText:
        """End a login: handlers of signals are called, and the person is told in the background.

        Args:
            flow_id: OAuth flow id
            flow: which was used up
            result: what was stored, or how the login failed
            since: when it came back, by the monotonic clock
            error: short error code, for signals

        Returns:
            the text for the page
        """
        user_id = flow.user_id
        if isinstance(result, Accepted):
            outcome, tell = self._accept(flow_id, result, since)
        else:
            outcome, tell = result, self._fail(flow, result)
        log.info("login %s: flow %s, user %s", outcome.value, reference(flow_id), user_id)
        if outcome is Outcome.DONE:
            self.announce.send(logged_in, user_id=user_id)
        elif outcome is Outcome.REFUSED:
            self.announce.send(login_refused, user_id=user_id)
        else:
            self.announce.send(login_failed, user_id=user_id, error=error or outcome.value)
        self.speaker.say(user_id, tell)
        return self.chat.page(outcome, user_id)

    # -- it worked

    def _accept(self, flow_id: str, accepted: Accepted, since: float) -> tuple[Outcome, Callable[[], None]]:
        """Whether the login counts, as a logout that came in between wins; and what to say about it."""
        user_id = accepted.context.user_id
        try:
            taken, is_logged_out = self._take(user_id, flow_id, since)
        except StoreError as error:
            log.warning("waiting commands not taken, trying again: user %s: %s", user_id, error)
            return Outcome.DONE, lambda: self._welcome(
                user_id, accepted.name, self._take_again(user_id, flow_id)
            )
        if not is_logged_out:
            return Outcome.DONE, lambda: self._welcome(user_id, accepted.name, taken)
        try:
            self.contexts.replace(accepted.context, None)
        except StoreError as error:
            log.error("login not deleted after a logout: user %s: %s", user_id, error)  # noqa: TRY400
            return Outcome.STORE_DOWN, lambda: self.chat.tell_outcome(user_id, Outcome.STORE_DOWN)
        return Outcome.NO_SUCH_FLOW, lambda: self.cards.remove(taken.cards)

    def _take(self, user_id: str, flow_id: str, since: float) -> tuple[Taken, bool]:
        """What waited for a login, and whether its user has logged out since it came back.

        The store says how long ago the logout was, but its answer may come late. Where that leaves open which
        of the two was first, it is asked again; in the end, the logout wins.
        """
        all_taken = Taken([], [], None)
        for look in range(MAX_LOOKS):
            asked = time.monotonic() - since
            try:
                taken = self.pending.take_all(user_id, done=flow_id)
            except StoreError:
                if look == 0:
                    raise
                break  # what was taken before is not there for another try
            answered = time.monotonic() - since
            all_taken.commands.extend(taken.commands)
            all_taken.cards.extend(taken.cards)
            if taken.logged_out_ago is None or taken.logged_out_ago > answered:
                return all_taken, False
            if taken.logged_out_ago <= asked:
                break
        return all_taken, True

    def _take_again(self, user_id: str, flow_id: str) -> Taken:
        """What waits, where the store answers again; else it goes on waiting for another login."""
        try:
            return self.pending.take_all(user_id, done=flow_id)
        except StoreError as error:
            log.warning("waiting commands not run: user %s: %s", user_id, error)
            return Taken([], [], None)

    def _welcome(self, user_id: str, name: str, taken: Taken) -> None:
        """Tell a person that the login worked, let the waiting commands run, and then tidy up."""
        commands = [one for one in taken.commands if one.younger_than(self.pending.lifetime)]
        for lapsed in taken.commands:
            if lapsed not in commands:
                self.chat.tell_lapsed(lapsed)
        self.chat.welcome(user_id, name, commands)  # before the commands' own answers
        try:
            if commands:
                self.pending.release(user_id, commands)
        except StoreError as error:
            log.warning("waiting commands not run: user %s: %s", user_id, error)
            for command in commands:
                self.chat.tell_lapsed(command)
        self.cards.remove(taken.cards)

    # -- it did not

    def _fail(self, flow: FlowState, outcome: Outcome) -> Callable[[], None]:
        """End the wait for a login that failed, unless it can be tried again; and what to say about it."""
        texts = self.chat.texts(flow.user_id)
        sentences = {
            Outcome.TRY_AGAIN: texts.try_login_again,
            Outcome.WRONG_PERSON: f"{texts.someone_else} {texts.use_new_button}",
        }
        if outcome is Outcome.NO_SUCH_FLOW:
            return lambda: None  # device grant: its card goes by itself, and there may be a newer one
        if outcome not in sentences:
            return self._give_up(flow, outcome)

        def try_again() -> None:
            if not self._ask_again(flow, sentences[outcome]):
                self._give_up(flow, outcome)()

        return try_again

    def _give_up(self, flow: FlowState, outcome: Outcome) -> Callable[[], None]:
        try:
            # now, and not in the background: the person's next command waits for the next login
            cards = self.pending.take_all(flow.user_id).cards
        except StoreError as error:
            log.warning("login card not removed: user %s: %s", flow.user_id, error)
            cards = []

        def tell() -> None:
            self.cards.remove(cards)
            self.chat.tell_outcome(flow.user_id, outcome)

        return tell

    def _ask_again(self, flow: FlowState, sentence: str) -> bool:
        """Send a new card, which takes the place of the one that was used; what waits goes on waiting."""
        try:
            return self.ask(flow.user_id, flow.scopes or (), why=Why(sentence=sentence))
        except (MessageNotSent, StoreError, TokenServiceError) as error:
            log.warning("no new login card for user %s: %s", flow.user_id, error)
            return False
