"""A login from the card to its end, and the logout: written once, for every store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from wxc_sdk.tokens import Tokens

from ..chat.messages import Chat, Why
from ..errors import ClientRefused, MessageNotSent, StoreError, TokenServiceError
from ..forks import start_afresh_now_and_after_forks
from ..models import FlowState, Outcome, RedirectText, WaitingCommand, reference
from ..signals import Announcer, logged_in, logged_out, login_failed, login_refused
from ..stores import Missing
from ..webex.device_grant import DeviceGrant
from ..webex.oauth import WebexOAuth, new_verifier
from ..webex.revocation import revoke
from .acceptance import Acceptance, Accepted
from .contexts import Contexts
from .device import DevicePoller
from .pending import Pending

log = logging.getLogger(__name__)

#: login cards that one user gets within the lifetime of a flow
MAX_LOGIN_CARDS = 10

#: how a redirect that brings an error ends; any other error is a fault of the settings
_REFUSALS = {
    "access_denied": Outcome.REFUSED,
    "server_error": Outcome.TRY_AGAIN,
    "temporarily_unavailable": Outcome.TRY_AGAIN,
}


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
        self._acceptance = Acceptance(contexts, oauth.connections)
        self._device = device
        self._make_url = make_url
        self._closed = False
        self.resumes_commands = False  # whether a bot of this process runs commands after a login
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.forks`; what polls is started by the next login."""
        self._starting = threading.Lock()
        self._poller: DevicePoller | None = None

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
        for dropped in self._pending.add_command(command) if command else ():
            self._chat.tell_dropped(dropped)
        if cards > MAX_LOGIN_CARDS:
            if cards == MAX_LOGIN_CARDS + 1:
                self._chat.refuse_more_logins(user_id)
            return False
        asked = [*self._oauth.login_scopes, *scopes]
        if asked:  # a login never takes away what was granted
            context = self._contexts.load(user_id)
            asked = self._oauth.with_granted(asked, context.tokens.scope if context else None)
        if self._device is None:
            url = self._make_url(user_id) if self._make_url else self.url(user_id, asked)
            self._chat.show_login(user_id, url, why)
        else:
            self._ask_by_code(self._device, user_id, asked, why)
        log.info("asked to log in: user %s", user_id)
        return True

    def url(self, user_id: str, scopes: Iterable[str] = ()) -> str:
        """Start a flow with PKCE, and give the address where the person logs in.

        Args:
            user_id: the person
            scopes: scopes to ask for; the integration's own where empty
        """
        flow = FlowState(user_id=user_id, scopes=list(scopes) or None, verifier=new_verifier())
        state = self._pending.start(flow)
        return self._oauth.authorization_url(state=state, scopes=flow.scopes or (), verifier=flow.verifier)

    def start(self, user_id: str) -> str:
        """Start a flow without PKCE, as the caller builds the address; its id."""
        return self._pending.start(FlowState(user_id=user_id))

    def poll(self) -> None:
        """Device grant: ask Webex for the pending logins, until :meth:`close`."""
        with self._starting:
            if self._device and self._poller is None and not self._closed:
                self._poller = DevicePoller(self._pending, self._device.poll, self._finish_device)

    def _ask_by_code(self, device: DeviceGrant, user_id: str, scopes: list[str], why: Why) -> None:
        code = device.start(scopes or self._oauth.scopes)
        flow = FlowState(
            user_id=user_id, scopes=scopes or None, device_code=code.device_code, interval=code.interval
        )
        self._pending.poll_later(self._pending.start(flow), code.interval)
        self.poll()
        self._chat.show_device_login(user_id, code, why)

    # -- the end

    def finish(self, flow_id: str, *, code: str) -> RedirectText:
        """End a flow that comes back with an authorization code.

        Uses the flow up, exchanges the code, checks that this is the person who asked, stores, tells.

        Returns:
            the text for the page
        """
        since, flow = time.monotonic(), self._take(flow_id)
        if isinstance(flow, Outcome):
            return self._chat.page(flow)
        result = self._acceptance.accept(
            flow, lambda: self._oauth.exchange(code=code, verifier=flow.verifier, asked=flow.scopes or ())
        )
        return self._end(flow_id, flow, result, since=since)

    def refuse(self, flow_id: str, *, error: str) -> RedirectText:
        """End a flow that comes back with an error (RFC 6749 section 4.1.2.1), and tell the person.

        Args:
            flow_id: OAuth flow id
            error: short error code, ``access_denied`` where the person refused

        Returns:
            the text for the page
        """
        flow = self._take(flow_id)
        if isinstance(flow, Outcome):
            return self._chat.page(flow)
        log.info("Webex answers %.40r: flow %s", error, reference(flow_id))
        return self._end(flow_id, flow, _REFUSALS.get(error, Outcome.NOT_SET_UP), error=error)

    def logout(self, user_id: str) -> bool | None:
        """Delete a user's tokens, end the pending logins, and revoke the tokens at Webex where it lets us.

        Returns:
            whether Webex revoked them; None: the user was not logged in
        """
        self._pending.end_all(user_id)
        context = self._contexts.load(user_id)
        if context is None:
            return None
        self._contexts.save(user_id, None)
        log.info("logged out: user %s", user_id)
        self._announce.send(logged_out, user_id=user_id)
        return revoke(context, self._oauth.integration.client_id, self._oauth.connections)

    def close(self) -> None:
        """Stop polling; pending logins stay so, for other processes."""
        with self._starting:
            self._closed = True
            poller, self._poller = self._poller, None
        if poller:
            poller.close()

    def _finish_device(self, flow_id: str, result: Tokens | TokenServiceError) -> None:
        """End a flow of the device grant: with tokens, or with the failure that ended it."""
        since, flow = time.monotonic(), self._take(flow_id)
        if isinstance(flow, Outcome):
            return
        if isinstance(result, Tokens):
            result.scope = result.scope or " ".join(flow.scopes or self._oauth.scopes)
            self._end(flow_id, flow, self._acceptance.accept(flow, lambda: result), since=since)
        elif isinstance(result, ClientRefused):
            log.error("login failed: %s", result)
            self._end(flow_id, flow, Outcome.NOT_SET_UP, error=result.error)
        else:
            outcome = _REFUSALS.get(str(result.error), Outcome.NO_SUCH_FLOW)
            self._end(flow_id, flow, outcome, error=result.error)

    def _take(self, flow_id: str) -> FlowState | Outcome:
        """The flow, once; or why there is none."""
        try:
            flow = self._pending.take(flow_id)
        except StoreError as error:
            log.error("redirect not processed: %s", error)  # noqa: TRY400 (no traceback)
            return Outcome.STORE_DOWN
        if isinstance(flow, FlowState):
            return flow
        log.info("redirect refused, flow %s is %s", reference(flow_id), flow.value)
        return Outcome.USED if flow is Missing.USED else Outcome.NO_SUCH_FLOW

    def _end(
        self,
        flow_id: str,
        flow: FlowState,
        result: Outcome | Accepted,
        *,
        since: float = 0.0,
        error: str | None = None,
    ) -> RedirectText:
        """The end of every login: the person is told in chat, and handlers of signals are called.

        ``since`` is when it came back, by the monotonic clock.
        """
        user_id = flow.user_id
        outcome = self._release_commands(result, since) if isinstance(result, Accepted) else result
        log.info("login %s: flow %s, user %s", outcome.value, reference(flow_id), user_id)
        if outcome is Outcome.DONE:
            self._announce.send(logged_in, user_id=user_id)
        elif outcome is Outcome.REFUSED:
            self._announce.send(login_refused, user_id=user_id)
        else:
            self._announce.send(login_failed, user_id=user_id, error=error or outcome.value)
        if outcome is Outcome.TRY_AGAIN:
            self._ask_again(flow)
        else:
            self._chat.tell_outcome(user_id, outcome)
        return self._chat.page(outcome, user_id)

    def _release_commands(self, accepted: Accepted, since: float) -> Outcome:
        """Tell a person that the login worked, and let the waiting commands run.

        Returns:
            whether the login counts: a logout that came in between wins
        """
        user_id, commands = accepted.context.user_id, list[WaitingCommand]()
        try:
            taken, logged_out_ago = self._pending.take_commands(user_id)
            if logged_out_ago is not None and logged_out_ago < time.monotonic() - since:
                self._contexts.replace(accepted.context, None)
                return Outcome.NO_SUCH_FLOW
            commands = [one for one in taken if one.younger_than(self._pending.lifetime)]
            for lapsed in taken:
                if lapsed not in commands:
                    self._chat.tell_lapsed(lapsed)
            self._chat.welcome(user_id, accepted.name, commands)  # before the commands' own answers
            if commands:
                self._pending.release(user_id, commands)
        except StoreError as error:
            log.warning("waiting commands not run: user %s: %s", user_id, error)
            if not commands:
                self._chat.welcome(user_id, accepted.name, [])
            for command in commands:
                self._chat.tell_lapsed(command)
        return Outcome.DONE

    def _ask_again(self, flow: FlowState) -> None:
        why = Why(sentence=self._chat.texts(flow.user_id).try_login_again)
        try:
            self.ask(flow.user_id, flow.scopes or (), why=why)
        except (MessageNotSent, StoreError, TokenServiceError) as error:
            log.warning("no new login card for user %s: %s", flow.user_id, error)
