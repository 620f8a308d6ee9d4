"""The login, from the flow's start to the stored context: written once, for every backend."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import requests
from wxc_sdk.people import Person
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from .. import signals
from ..device_grant import DeviceGrant
from ..errors import (
    ClientRefused,
    GrantRefused,
    MessageNotSent,
    StoreError,
    TokenServiceError,
    TokenServiceUnavailable,
)
from ..oauth import new_verifier
from ..rest import person_of, revoke
from .device_poller import DevicePoller
from .manager import TokenManager
from .models import FlowState, NoFlow, Outcome, RedirectText, Renewal, UserContext, reference, same_person

log = logging.getLogger(__name__)


class StoredTokenManager(TokenManager):
    """A token manager whose logins are this package's own.

    To add a backend, derive from this and bring :meth:`get_user_context`, :meth:`set_user_context`, and,
    where several processes share the store, :meth:`replace`, :meth:`exclusively` and a ``_pending``.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._devices = DeviceGrant(self.integration)
        self._starting = threading.Lock()
        self._poller: DevicePoller | None = None

    def current(self, user_id: str) -> UserContext | None:
        """The stored context: :meth:`set_user_context` is a backend's own here, and lays nothing over it."""
        return self.get_user_context(user_id=user_id)

    def start_flow(self, *, user_id: str) -> str:
        """Register an OAuth flow for a user; without PKCE, as the caller builds the address.

        :param user_id: id of the user to start the flow for
        :return: flow id: the ``state`` parameter of the flow; 128 random bits (RFC 6749 section 10.10)
        :raises StoreError: the flow could not be stored
        """
        return self._start(FlowState(user_id=user_id))

    def login_url(self, *, user_id: str, scopes: Iterable[str] = ()) -> str:
        """Start a flow with PKCE and give the address where the person logs in."""
        flow = FlowState(user_id=user_id, scopes=list(scopes) or None, verifier=new_verifier())
        return self._oauth.authorization_url(
            state=self._start(flow), scopes=flow.scopes or (), verifier=flow.verifier
        )

    def process_redirect(self, *, flow_id: str, code: str) -> RedirectText:
        """Process the redirect at the end of an OAuth flow. New tokens are stored in the user context.

        Uses the flow up, exchanges the code, checks that this is the person who asked, stores, tells.

        :param flow_id: OAuth flow id
        :param code: code obtained from the final URL in the OAuth flow
        :return: text for the HTTP response; its ``outcome`` says how the login ended
        """
        flow = self._take(flow_id)
        if not isinstance(flow, FlowState):
            return self.chat.page(flow)
        outcome = self._accept_or_explain(
            flow, lambda: self._oauth.exchange(code=code, verifier=flow.verifier, asked=flow.scopes or ())
        )
        log.info("login %s: flow %s, user %s", outcome.value, reference(flow_id), flow.user_id)
        return self.chat.page(outcome, flow.user_id)

    def refuse_redirect(self, *, flow_id: str, error: str) -> RedirectText:
        """End a flow that comes back with an error, and tell the person.

        :param flow_id: OAuth flow id
        :param error: short error code of RFC 6749 section 4.1.2.1
        """
        flow = self._take(flow_id)
        if not isinstance(flow, FlowState):
            return self.chat.page(flow)
        log.info("login refused by Webex or the user (%.40r): flow %s", error, reference(flow_id))
        if error == "access_denied":
            self._refused(flow)
            return self.chat.page(Outcome.REFUSED, flow.user_id)
        signals.send(signals.login_failed, self, user_id=flow.user_id, error=error)
        if error in ("server_error", "temporarily_unavailable"):
            self._offer_again(flow)
            return self.chat.page(Outcome.TRY_AGAIN, flow.user_id)
        self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).not_set_up)
        return self.chat.page(Outcome.NOT_SET_UP, flow.user_id)

    def _refused(self, flow: FlowState) -> None:
        signals.send(signals.login_refused, self, user_id=flow.user_id)
        self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).refused)

    def register_bot(self, *, bot: Any, **options: Any) -> None:
        """See :meth:`TokenManager.register_bot`; a bot that comes back also polls for pending logins."""
        super().register_bot(bot=bot, **options)
        if self.login_flow == "device":
            self._poll_for_devices()

    def close(self) -> None:
        """Free connections and threads."""
        with self._starting:
            poller, self._poller = self._poller, None
        if poller:
            poller.close()
        super().close()

    def users(self) -> Iterator[str]:
        """Ids of the users whose contexts are stored.

        :raises StoreError: the store cannot be read
        """
        raise NotImplementedError

    def renew(self) -> Renewal:
        """Encrypt all contexts with the newest key, as after ``encryption_keys`` got a new first one.

        :raises StoreError: the store cannot be read or written
        """
        raise NotImplementedError

    def flow_ended(self, *, flow_id: str) -> None:
        """Nothing is left to do: :meth:`process_redirect` has seen to it."""

    def _invite(self, user_id: str, scopes: Iterable[str], sentence: str | None) -> None:
        if self.login_flow == "redirect":
            super()._invite(user_id, scopes, sentence)
            return
        asked = list(scopes) or None
        code = self._devices.start(asked or self._oauth.scopes)
        flow_id = self._start(
            FlowState(user_id=user_id, scopes=asked, device_code=code.device_code, interval=code.interval)
        )
        self._pending.poll_later(flow_id, code.interval)
        self._poll_for_devices()
        self.chat.show_device_login(user_id, code, sentence)

    def _poll_for_devices(self) -> None:
        with self._starting:
            if self._poller is None and not self.closed.is_set():
                self._poller = DevicePoller(self._pending, self._devices.poll, self._device_ended)

    def _device_ended(self, flow_id: str, outcome: Tokens | TokenServiceError) -> None:
        flow = self._take(flow_id)
        if not isinstance(flow, FlowState):
            return
        how = self._conclude(flow, outcome)
        log.info("login %s: flow %s, user %s", how, reference(flow_id), flow.user_id)

    def _conclude(self, flow: FlowState, outcome: Tokens | TokenServiceError) -> str:
        """Accept the tokens of a device login, or tell the person why there are none."""
        if isinstance(outcome, Tokens):
            outcome.scope = outcome.scope or " ".join(flow.scopes or self._oauth.scopes)
            return self._accept_or_explain(flow, lambda: outcome).value
        if outcome.error == "access_denied":
            self._refused(flow)
            return "refused"
        signals.send(signals.login_failed, self, user_id=flow.user_id, error=str(outcome.error))
        if isinstance(outcome, ClientRefused):
            log.error("login failed: %s", outcome)
            self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).not_set_up)
        return str(outcome.error)

    def _start(self, flow: FlowState) -> str:
        flow_id = secrets.token_urlsafe(16)
        self._pending.put(flow_id, flow)
        log.debug("flow %s started: user %s", reference(flow_id), flow.user_id)
        return flow_id

    def _take(self, flow_id: str) -> FlowState | Outcome:
        """The flow, once; or why there is none."""
        try:
            flow = self._pending.take(flow_id)
        except StoreError as error:
            log.error("redirect not processed: %s", error)  # noqa: TRY400 (no traceback)
            return Outcome.STORE_DOWN
        if flow is NoFlow.USED:
            log.info("redirect refused, flow %s has been used", reference(flow_id))
            return Outcome.USED
        if not isinstance(flow, FlowState) or not flow.younger_than(self.flow_lifetime):
            log.info("redirect refused, flow %s is unknown or expired", reference(flow_id))
            return Outcome.NO_SUCH_FLOW
        return flow

    def _accept_or_explain(self, flow: FlowState, get_tokens: Callable[[], Tokens]) -> Outcome:
        """The end of every login; the person hears of it in chat, and handlers of signals as well."""
        try:
            outcome = self._accept(flow, get_tokens)
        except StoreError as error:
            log.error("login not stored: user %s: %s", flow.user_id, error)  # noqa: TRY400 (no traceback)
            self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).store_down)
            outcome = Outcome.STORE_DOWN
        if outcome is Outcome.DONE:
            signals.send(signals.logged_in, self, user_id=flow.user_id)
        else:
            signals.send(signals.login_failed, self, user_id=flow.user_id, error=outcome.value)
        return outcome

    def _accept(self, flow: FlowState, get_tokens: Callable[[], Tokens]) -> Outcome:
        try:
            tokens = get_tokens()
            person = self._identify(tokens)
        except (GrantRefused, TokenServiceUnavailable) as error:
            log.warning("login failed: user %s: %s", flow.user_id, error)
            self._offer_again(flow)
            return Outcome.TRY_AGAIN
        except ClientRefused as error:
            log.error("login failed: %s", error)  # noqa: TRY400 (no traceback)
            self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).not_set_up)
            return Outcome.NOT_SET_UP
        if not same_person(person.person_id or "", flow.user_id):
            revoke(tokens, self.integration.client_id)
            self.chat.tell(flow.user_id, self.chat.texts(flow.user_id).someone_else)
            return Outcome.WRONG_PERSON
        self.set_user_context(
            user_id=flow.user_id, user_context=UserContext(user_id=flow.user_id, tokens=tokens)
        )
        self._welcome(flow.user_id, person.display_name or "")
        return Outcome.DONE

    def _identify(self, tokens: Tokens) -> Person:
        """Who logged in. In terms of the token service's errors, as it is a part of the same login."""
        try:
            person = person_of(tokens)
        except RestError as error:
            status = error.response.status_code
            if status in (401, 403):
                log.error(  # noqa: TRY400 (no traceback)
                    "people/me answers %s: the integration needs the scope spark:people_read", status
                )
                raise ClientRefused(status=status, error="people/me") from None
            raise TokenServiceUnavailable(status=status, error="people/me") from None
        except (requests.RequestException, ValueError) as error:
            raise TokenServiceUnavailable(error=f"people/me: {type(error).__name__}") from None
        if not person.person_id:
            raise TokenServiceUnavailable(error="people/me: nobody")
        return person

    def _welcome(self, user_id: str, name: str) -> None:
        """Tell the person, and let the interrupted command run. The login counts even where this fails."""
        command = None
        try:
            command = self._pending.take_interrupted(user_id)
            self.chat.welcome(user_id, name, command)  # before the command's own answer
            if command:
                self._pending.release(command)
        except StoreError as error:
            log.warning("interrupted command not resumed: user %s: %s", user_id, error)
            if command:
                self.chat.tell_lapsed(command)
            else:
                self.chat.welcome(user_id, name, None)

    def _offer_again(self, flow: FlowState) -> None:
        try:
            self.request_login(
                user_id=flow.user_id,
                scopes=flow.scopes or (),
                sentence=self.chat.texts(flow.user_id).try_login_again,
            )
        except (MessageNotSent, StoreError, TokenServiceError) as error:
            log.warning("no new login card for user %s: %s", flow.user_id, error)
