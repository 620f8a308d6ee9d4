"""TokenManager: what bots, guards and pages ask for; the logic that is the same for every backend."""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from .. import redaction, signals
from ..chat.cards import login_card
from ..chat.messenger import Messenger
from ..chat.speaker import MakeCard, Speaker, TextsOrChoice
from ..chat.texts import Texts
from ..errors import GrantRefused, SettingError, TokenServiceError
from ..oauth import WebexOAuth
from ..rest import revoke
from .front_ends import FrontEnds
from .invitations import Invitations
from .models import FlowState, InterruptedCommand, Outcome, UserContext
from .overlay import Overlay
from .pending import MemoryPending, Pending
from .records import Records
from .refresh import Refresher

log = logging.getLogger(__name__)


class TokenManager(FrontEnds, Invitations):
    """Consolidates all functions around users' tokens.

    A subclass that implements the three abstract methods can be used as it is. One that wants the login
    flow as well derives from :class:`~webex_bot_auth.user_context.stored.StoredTokenManager`.

    :param bot_token: bot access token; used to tell users in chat what happened
    :param integration: OAuth integration to obtain and refresh tokens with
    :param flow_lifetime: how long a login may take from the card to the redirect
    :param encryption_keys: keys for tokens at rest (32 bytes in base64); the first encrypts, all decrypt
    :param accept_plain: with encryption keys: also read what was stored before there were any; False, once
        all is encrypted, so that nobody can put a plain record in the place of an encrypted one
    :param login_flow: ``redirect``: the browser comes back to ``/redirect``; ``device``: people confirm a
        code at Webex, and the bot needs no address of its own (device authorization grant)
    :param texts: every sentence that people read; or a function that takes a person id (None: not known) and
        gives the sentences in that person's language
    :param make_login_card: makes the login card, from what :func:`webex_bot_auth.chat.cards.login_card` takes
    :raises SettingError: a setting is missing or malformed
    """

    def __init__(
        self,
        bot_token: str,
        integration: Integration,
        *,
        flow_lifetime: timedelta = timedelta(minutes=10),
        encryption_keys: Iterable[str | bytes] = (),
        accept_plain: bool = True,
        login_flow: Literal["redirect", "device"] = "redirect",
        texts: TextsOrChoice | None = None,
        make_login_card: MakeCard = login_card,
    ) -> None:
        if not isinstance(bot_token, str) or not bot_token.strip():
            raise SettingError(
                "bot_token", "is empty; a bot's access token is shown once at developer.webex.com"
            )
        if not isinstance(integration, Integration):
            raise SettingError("integration", "has to be a wxc_sdk.integration.Integration")
        if not isinstance(flow_lifetime, timedelta) or flow_lifetime <= timedelta(0):
            raise SettingError("flow_lifetime", "has to be a timedelta longer than zero")
        if login_flow not in ("redirect", "device"):
            raise SettingError("login_flow", 'is either "redirect" or "device"')
        self.integration = integration
        self.login_flow = login_flow
        self.flow_lifetime = flow_lifetime
        self.chat = Speaker(Messenger(bot_token), texts or Texts(), flow_lifetime, make_login_card)
        self._oauth = WebexOAuth(integration, with_redirect=login_flow == "redirect")
        self._records = Records(encryption_keys, accept_plain=accept_plain)
        self._overlay = Overlay()
        self._pending: Pending = MemoryPending(lifetime=flow_lifetime)
        self._replacing = threading.Lock()
        self._refresher = Refresher(self, self._oauth.refresh, self._refresh_ended)
        self._closed = threading.Event()
        redaction.install()

    # -- the specification's three, which a subclass has to bring

    @abstractmethod
    def start_flow(self, *, user_id: str) -> str:
        """Register an OAuth flow for a user.

        :param user_id: user id to register a flow for
        :return: flow id for the new flow; goes into the address as ``state``
        """

    @abstractmethod
    def process_redirect(self, *, flow_id: str, code: str) -> str:
        """Process the redirect at the end of an OAuth flow. New tokens are stored in the user context.

        :param flow_id: OAuth flow id
        :param code: code obtained from the final URL in the OAuth flow
        :return: text for the HTTP response
        """

    @abstractmethod
    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """Get the user context as it is stored.

        :param user_id: id of the user to get the context for
        """

    # -- contexts

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Add a user context to the cache, or clear it from the cache.

        :param user_id: user id
        :param user_context: user context to set; if None then clear the user context for this user
        """
        self._overlay.put(user_id, stored=self.get_user_context(user_id=user_id), current=user_context)

    def get_user_context_and_refresh(self, *, user_id: str) -> UserContext | None:
        """Get the user context, with an access token that is usable now.

        A token that expires soon is used, and refreshed once in the background. An expired one is refreshed
        once, whoever asks.

        :return: None where a login is needed
        :raises TokenServiceError: expired, and the token service cannot refresh it at the moment
        :raises StoreError: what is stored cannot be read
        """
        return self._refresher.usable(user_id)

    def token_refresh(self, *, tokens: Tokens) -> bool:
        """Try to refresh the tokens, in place. Nothing is stored.

        :param tokens: tokens to refresh; left as they are where they cannot be
        :return: True -> tokens got updated
        """
        try:
            new = self._oauth.refresh(tokens)
        except TokenServiceError as error:
            log.warning("tokens not refreshed: %s", error)
            return False
        changed = (new.access_token, new.expires_at) != (tokens.access_token, tokens.expires_at)
        tokens.update(new)
        return changed

    def current(self, user_id: str) -> UserContext | None:
        """The stored context, or what :meth:`set_user_context` has laid over it."""
        return self._overlay.over(user_id, self.get_user_context(user_id=user_id))

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop a context, but only where ``old`` still stands.

        :return: whether it did
        """
        with self._replacing:
            if not old.same_login(self.current(old.user_id)):
                return False
            self.set_user_context(user_id=old.user_id, user_context=new)
            return True

    @contextmanager
    def exclusively(self, user_id: str) -> Iterator[bool]:  # noqa: ARG002 (backends with several processes)
        """Hold off other processes while a user's tokens are refreshed."""
        yield True

    def _refresh_ended(self, user_id: str, refused: GrantRefused | None) -> None:
        if refused is None:
            signals.send(signals.refreshed, self, user_id=user_id)
        else:
            signals.send(signals.refresh_refused, self, user_id=user_id, error=refused)

    # -- login and logout

    def login_url(self, *, user_id: str, scopes: Iterable[str] = ()) -> str:  # noqa: ARG002
        """Start a flow and give the address where the person logs in.

        :param scopes: scopes to ask for; the integration's own where empty
        """
        flow_id = self.start_flow(user_id=user_id)
        self._pending.put(flow_id, FlowState(user_id=user_id))  # for flow_ended
        return self._oauth.authorization_url(state=flow_id)

    def refuse_redirect(self, *, flow_id: str, error: str) -> str:  # noqa: ARG002
        """Process a redirect that brings an error instead of a code (RFC 6749 section 4.1.2.1).

        :param error: short error code, ``access_denied`` where the person refused
        :return: text for the HTTP response
        """
        return self.chat.page(Outcome.REFUSED if error == "access_denied" else Outcome.TRY_AGAIN)

    def flow_ended(self, *, flow_id: str) -> None:
        """A redirect was processed: what the login interrupted can run."""
        flow = self._pending.take(flow_id)
        if isinstance(flow, FlowState) and (command := self._pending.take_interrupted(flow.user_id)):
            self._pending.release(command)

    def logout(self, *, user_id: str) -> bool | None:
        """Forget a user's tokens, and revoke them at Webex where it lets us.

        :return: whether Webex revoked them; None: the user was not logged in
        """
        context = self.current(user_id)
        if context is None:
            return None
        self.set_user_context(user_id=user_id, user_context=None)
        self._refresher.forget(user_id)
        log.info("logged out: user %s", user_id)
        signals.send(signals.logged_out, self, user_id=user_id)
        return revoke(context.tokens, self.integration.client_id)

    def token_refused(self, context: UserContext) -> None:
        """Webex answers 401 to this access token: drop it, unless there is another one by now."""
        if self.replace(context, None):
            log.info("Webex refuses the access token, a new login is needed: user %s", context.user_id)

    # -- what the bot asks while it runs

    def first_time(self, event_id: str) -> bool:
        """Is this event new? Remembered for as long as the cloud may deliver it again."""
        return self._pending.first_time(event_id)

    def next_released(self, *, timeout: float) -> InterruptedCommand | None:
        """Wait for a command that can run now because its author has logged in.

        Each is given out once, even where several processes wait.

        :param timeout: seconds
        """
        return self._pending.next_released(timeout)

    @property
    def closed(self) -> threading.Event:
        """Set by :meth:`close`."""
        return self._closed

    def close(self) -> None:
        """Free connections and threads."""
        self._closed.set()
        self._pending.close()
        self._refresher.close()
        if self._resumer is not None:
            self._resumer.stop()
        self.chat.close()

    def __enter__(self) -> TokenManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
