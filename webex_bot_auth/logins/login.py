"""A login from the card to its end, and the logout: written once, for every store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from wxc_sdk.tokens import Tokens

from ..chat.messages import Chat, Why
from ..chat.speaker import Speaker
from ..errors import ClientRefused, MessageNotSent, StoreError, TokenServiceError
from ..models import FlowState, Outcome, RedirectText, WaitingCommand, reference
from ..signals import Announcer, logged_out
from ..stores import Missing
from ..webex.device_grant import DeviceGrant
from ..webex.oauth import WebexOAuth, new_verifier
from ..webex.revocation import revoke
from .acceptance import REFUSALS, Accepted, accept, refusal
from .after_login import AfterLogin
from .contexts import Contexts
from .device_polling import DevicePoller
from .login_cards import MAX_LOGIN_CARDS, LoginCards
from .pending import Pending

log = logging.getLogger(__name__)


class Login:
    """Asks people to log in, and ends their logins.

    Args:
        oauth: the integration's endpoints
        contexts: where tokens are stored
        pending: flows and waiting commands
        chat: what people are told
        announce: signals of logins and logouts
        device: for logins by the device grant; None: by redirect
        make_url: starts a redirect flow and gives its address, where that is not :meth:`url`'s to do
    """

    def __init__(
        self,
        oauth: WebexOAuth,
        contexts: Contexts,
        pending: Pending,
        chat: Chat,
        announce: Announcer,
        *,
        device: DeviceGrant | None = None,
        make_url: Callable[[str], str] | None = None,
    ) -> None:
        self._oauth = oauth
        self._contexts = contexts
        self._pending = pending
        self._chat = chat
        self._announce = announce
        self._speaker = Speaker()
        self._cards = LoginCards(pending, chat, self._speaker)
        self._after = AfterLogin(contexts, pending, chat, announce, self._cards, self._speaker, self.ask)
        self._device = device
        self._poller = DevicePoller(pending, device.poll, self._finish_device) if device else None
        self._make_url = make_url
        self._warned = False
        self.resumes_commands = False  # whether a bot of this process runs commands after a login

    # -- asking

    def ask(
        self,
        user_id: str,
        scopes: Iterable[str] = (),
        *,
        why: Why | None = None,
        command: WaitingCommand | None = None,
    ) -> bool:
        """Send a person a login card in the 1:1 space.

        Args:
            user_id: the person
            scopes: what a command needs; asked for together with what was granted before
            why: what the card says
            command: runs after the login

        Returns:
            False: the person has enough cards for now, and got none

        Raises:
            MessageNotSent: the card did not reach the person
            StoreError: the flow could not be stored
            TokenServiceError: device grant: Webex gave no code
        """
        why, cards = why or Why(), self._pending.count_card(user_id)
        if why.command and not why.resumes:
            self._warn_once()
        if cards > MAX_LOGIN_CARDS:
            self._let_wait(command)
            if cards == MAX_LOGIN_CARDS + 1:
                self._chat.refuse_more_logins(user_id)
            return False
        asked = [*self._oauth.login_scopes, *scopes]
        if asked:  # a login never takes away what was granted
            context = self._contexts.load(user_id)
            asked = self._oauth.with_granted(asked, context.tokens.scope if context else None)
        show = self._start(user_id, asked, why)
        self._let_wait(command)  # before the card is there: who is quick logs in before it is remembered
        try:
            show()
        except MessageNotSent:  # who asked is told so, and sends the command again
            if command:
                self._pending.remove_command(command)
            raise
        log.info("asked to log in: user %s", user_id)
        return True

    def _let_wait(self, command: WaitingCommand | None) -> None:
        for dropped in self._pending.add_command(command) if command else ():
            self._chat.tell_dropped(dropped)

    def _warn_once(self) -> None:
        if not self._warned:
            self._warned = True
            log.warning(
                "people have to send their commands again after the login: add "
                "token_manager.register_bot(bot=...), which also adds the login and logout commands"
            )

    def url(self, user_id: str, scopes: Iterable[str] = ()) -> str:
        """Start a flow with PKCE, and give the address where the person logs in.

        Args:
            user_id: the person
            scopes: scopes to ask for; where empty, those of every login, or else the integration's
        """
        return self._new_flow(user_id, scopes)[1]

    def start(self, user_id: str) -> str:
        """Start a flow without PKCE, as the caller builds the address; its id."""
        return self._pending.start(FlowState(user_id=user_id))

    def watch(self) -> None:
        """Remove expired cards and, with the device grant, poll for pending logins, until :meth:`close`."""
        self._cards.watch()
        if self._poller:
            self._poller.start()

    def _start(self, user_id: str, scopes: list[str], why: Why) -> Callable[[], None]:
        """Start a login; what shows its card."""
        if self._device is not None:
            return self._start_by_code(self._device, user_id, scopes, why)
        if self._make_url is not None:
            flow_id, url = None, self._make_url(user_id)
        else:
            flow_id, url = self._new_flow(user_id, scopes)
        return lambda: self._cards.shown(user_id, self._chat.show_login(user_id, url, why), flow_id)

    def _new_flow(self, user_id: str, scopes: Iterable[str]) -> tuple[str, str]:
        """A flow with PKCE: its id, and the address where the person logs in."""
        asked = list(scopes or self._oauth.login_scopes) or None
        flow = FlowState(user_id=user_id, scopes=asked, verifier=new_verifier())
        flow_id = self._pending.start(flow)
        url = self._oauth.authorization_url(state=flow_id, scopes=asked or (), verifier=flow.verifier)
        return flow_id, url

    def _start_by_code(
        self, device: DeviceGrant, user_id: str, scopes: list[str], why: Why
    ) -> Callable[[], None]:
        code = device.start(scopes or self._oauth.scopes)
        flow = FlowState(
            user_id=user_id, scopes=scopes or None, device_code=code.device_code, interval=code.interval
        )
        self._pending.poll_later(flow_id := self._pending.start(flow), code.interval)
        self.watch()
        return lambda: self._cards.shown(
            user_id, self._chat.show_device_login(user_id, code, why), flow_id, code.expires_in
        )

    # -- the end

    def finish(self, flow_id: str, *, code: str) -> RedirectText:
        """End a flow that comes back with an authorization code.

        Uses the flow up, exchanges the code, checks that this is the person who asked, stores, tells.

        Returns:
            the text for the page
        """

        def result(flow: FlowState) -> Outcome | Accepted:
            scopes = flow.scopes or ()
            return self._accept(
                flow, lambda: self._oauth.exchange(code=code, verifier=flow.verifier, asked=scopes)
            )

        return self._end(flow_id, result)

    def refuse(self, flow_id: str, *, error: str) -> RedirectText:
        """End a flow that comes back with an error (RFC 6749 section 4.1.2.1), and tell the person.

        Args:
            flow_id: OAuth flow id
            error: short error code, ``access_denied`` where the person refused

        Returns:
            the text for the page
        """
        return self._end(flow_id, lambda _: refusal(error), error=error)

    def release(self, user_id: str) -> None:
        """A login that is done in another way: its card goes, and the waiting commands run."""
        taken = self._pending.take_all(user_id)
        self._speaker.say(user_id, lambda: self._cards.remove(taken.cards))
        if taken.commands:
            self._pending.release(user_id, taken.commands)

    def logout(self, user_id: str) -> bool | None:
        """Delete a user's tokens, end the pending logins, and revoke the tokens at Webex where it lets us.

        Returns:
            whether Webex revoked them; None: the user was not logged in
        """
        cards = self._pending.end_all(user_id).cards
        self._speaker.say(user_id, lambda: self._cards.remove(cards))
        context = self._contexts.load(user_id)
        if context is None:
            return None
        self._contexts.save(user_id, None)
        log.info("logged out: user %s", user_id)
        self._announce.send(logged_out, user_id=user_id)
        return revoke(context, self._oauth.integration.client_id, self._oauth.connections)

    def close(self) -> None:
        """Stop polling, and say what is still to be said; pending logins stay so, for other processes."""
        if self._poller:
            self._poller.close()
        self._cards.close()
        self._speaker.close()

    def _finish_device(self, flow_id: str, answer: Tokens | TokenServiceError) -> None:
        """End a flow of the device grant: with tokens, or with the failure that ended it."""

        def result(flow: FlowState) -> Outcome | Accepted:
            if isinstance(answer, Tokens):
                answer.scope = answer.scope or " ".join(flow.scopes or self._oauth.scopes)
                return self._accept(flow, lambda: answer)
            if isinstance(answer, ClientRefused):
                log.error("login failed: %s", answer)
                return Outcome.NOT_SET_UP
            return REFUSALS.get(str(answer.error), Outcome.NO_SUCH_FLOW)

        self._end(flow_id, result, error=None if isinstance(answer, Tokens) else answer.error)

    def _end(
        self, flow_id: str, result: Callable[[FlowState], Outcome | Accepted], error: str | None = None
    ) -> RedirectText:
        """Use a flow up, and end it with a result; the text for the page."""
        since, flow = time.monotonic(), self._take(flow_id)
        if isinstance(flow, Outcome):
            return self._chat.page(flow)
        return self._after.end(flow_id, flow, result(flow), since=since, error=error)

    def _accept(self, flow: FlowState, get_tokens: Callable[[], Tokens]) -> Outcome | Accepted:
        return accept(flow, get_tokens, self._contexts, self._oauth.connections)

    def _take(self, flow_id: str) -> FlowState | Outcome:
        """The flow, once; or why there is none."""
        try:
            flow = self._pending.take(flow_id)
        except StoreError as error:
            log.error("redirect not processed: %s", error)  # noqa: TRY400 (no traceback)
            return Outcome.STORE_DOWN
        if isinstance(flow, FlowState):
            self._chat.bot.learn()  # for the page, in the background; a request without a flow asks nothing
            return flow
        log.info("redirect refused, flow %s is %s", reference(flow_id), flow.value)
        if flow is Missing.UNKNOWN:
            return Outcome.NO_SUCH_FLOW
        return Outcome.DONE_BEFORE if self._is_done(flow_id) else Outcome.USED

    def _is_done(self, flow_id: str) -> bool:
        try:
            return self._pending.is_done(flow_id)
        except StoreError:
            return False
