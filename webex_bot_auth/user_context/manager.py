"""TokenManager: puts the parts together, and is what bots, guards and pages talk to."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from ..chat.cards import login_card
from ..chat.direct_messages import DirectMessages
from ..chat.messages import Chat, MakeCard, TextsOrChoice, Why
from ..chat.texts import Texts
from ..errors import SettingError
from ..ground import redaction
from ..ground.bounded_close import Closes
from ..logins.contexts import Contexts, StoredContexts
from ..logins.login import Login
from ..logins.pending import Pending
from ..logins.records import Records
from ..logins.refresh import Refresher
from ..models import UserContext, reference
from ..signals import Announcer
from ..stores import FlowStore, UserStore
from ..stores.memory import MemoryFlowStore
from ..webex.connections import Connections
from ..webex.device_grant import DeviceGrant
from ..webex.oauth import WebexOAuth, scopes_setting
from . import minimal_managers
from .open_api import open_api
from .settings import DEFAULT_LIFETIME, check_login_scopes, check_settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from ..commands.resumer import Resumer


class TokenManager(Closes):
    """Consolidates all functions around users' tokens.

    A subclass that implements the three abstract methods can be used as it is. To keep tokens in a store of
    your own, use :class:`~webex_bot_auth.user_context.StoredTokenManager` instead: it needs no subclass.

    Args:
        bot_token: bot access token; used to tell users in chat what happened
        integration: OAuth integration to obtain and refresh tokens with
        flow_lifetime: how long a login may take from the card to the redirect
        encryption_keys: keys for tokens in the store (32 bytes in base64); the first encrypts, all decrypt
        accept_plain: with encryption keys: also read what was stored before there were any; False, once all
            is encrypted, so that nobody can put a plain record in the place of an encrypted one
        login_flow: ``redirect``: the browser comes back to the redirect address; ``device``: people confirm a
            code at Webex, and the bot needs no address of its own (device authorization grant)
        login_scopes: what ``login`` and a guard without ``scopes=`` ask for; what a command needs and what
            was granted before come on top. None: all scopes of the integration
        texts: every sentence that people read; or a function that takes a person id (None: not known) and
            gives the sentences in that person's language
        make_login_card: makes the login card, from what :func:`webex_bot_auth.chat.cards.login_card` takes
        users: where a :class:`StoredTokenManager` keeps users' records
        flows: where it keeps pending logins

    Attributes:
        integration: the OAuth integration
        chat: what people are told
        contexts: users' contexts
        pending: pending logins and the commands that wait for them
        login: asks people to log in, and ends their logins
        connections: open connections to Webex, which all calls share

    Raises:
        SettingError: a setting is missing or malformed
    """

    def __init__(
        self,
        bot_token: str,
        integration: Integration,
        *,
        flow_lifetime: timedelta = DEFAULT_LIFETIME,
        encryption_keys: Iterable[str | bytes] = (),
        accept_plain: bool = True,
        login_flow: Literal["redirect", "device"] = "redirect",
        login_scopes: str | Iterable[str] | None = None,
        texts: TextsOrChoice | None = None,
        make_login_card: MakeCard = login_card,
        users: UserStore | None = None,
        flows: FlowStore | None = None,
    ) -> None:
        check_settings(bot_token, integration, flow_lifetime, login_flow)
        announce = Announcer(self)
        records = Records(encryption_keys, accept_plain=accept_plain)
        self.integration = integration
        self.connections = Connections()
        self._oauth = WebexOAuth(
            integration, self.connections, with_redirect=login_flow == "redirect",
            login_scopes=check_login_scopes(login_scopes, integration),
        )  # fmt: skip
        messages = DirectMessages(bot_token, self.connections)
        self.chat = Chat(messages, texts or Texts(), flow_lifetime, make_login_card)
        self._remembered = minimal_managers.MinimalContexts(self)
        stored = StoredContexts(users, records, integration.client_id) if users else None
        self.contexts: Contexts = stored or self._remembered
        self.pending = Pending(flows or MemoryFlowStore(), records, flow_lifetime, reference(bot_token))
        self.login = Login(
            self._oauth, self.contexts, self.pending, self.chat, announce,
            device=DeviceGrant(integration, self.connections) if login_flow == "device" else None,
            make_url=partial(minimal_managers.start_login, self, self._oauth) if users is None else None,
        )  # fmt: skip
        self._refresher = Refresher(self.contexts, self._oauth.refresh, announce)
        self._resumer: Resumer | None = None
        redaction.install()

    # -- the specification's three, which a subclass has to bring

    @abstractmethod
    def start_flow(self, *, user_id: str) -> str:
        """Register an OAuth flow for a user.

        Args:
            user_id: user id to register a flow for

        Returns:
            flow id for the new flow; goes into the address as ``state``
        """

    @abstractmethod
    def process_redirect(self, *, flow_id: str, code: str) -> str:
        """Process the redirect at the end of an OAuth flow. New tokens are stored in the user context.

        Args:
            flow_id: OAuth flow id
            code: code obtained from the final URL in the OAuth flow

        Returns:
            text for the HTTP response
        """

    @abstractmethod
    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """Get the user context as it is stored.

        Args:
            user_id: id of the user to get the context for
        """

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Add a user context to the cache, or clear it from the cache.

        Args:
            user_id: user id
            user_context: user context to set; if None then clear the user context for this user
        """
        self._remembered.remember(user_id, user_context)

    def get_user_context_and_refresh(self, *, user_id: str) -> UserContext | None:
        """Get the user context, with an access token that is usable now.

        A token that expires soon is used, and refreshed once in the background. An expired one is refreshed
        once, whoever asks.

        Returns:
            None where a login is needed

        Raises:
            TokenServiceError: expired, and the token service cannot refresh it at the moment
            StoreError: what is stored cannot be read
        """
        return self._refresher.usable(user_id)

    def token_refresh(self, *, tokens: Tokens) -> bool:
        """Try to refresh the tokens, in place. Nothing is stored.

        Args:
            tokens: tokens to refresh; left as they are where they cannot be

        Returns:
            True -> tokens got updated
        """
        return self._oauth.refresh_in_place(tokens)

    def token_refused(self, context: UserContext) -> bool:
        """Webex answers 401 to this access token; whether a new login is needed."""
        return self._refresher.refused(context)

    #: ``with manager.api(user_id=..., scopes=()) as api:`` Webex's API as a person, outside of a command
    api = open_api

    def request_login(
        self, *, user_id: str, scopes: str | Iterable[str] = (), reason: str | None = None
    ) -> bool:
        """Send a person a login card in the 1:1 space.

        Args:
            user_id: the person
            scopes: what is needed; asked for together with what was granted before
            reason: what for, such as ``to list your spaces``; stands in the card

        Returns:
            False: the person has enough cards for now, and got none

        Raises:
            MessageNotSent, StoreError, TokenServiceError: see :meth:`~webex_bot_auth.logins.login.Login.ask`
        """
        return self.login.ask(user_id, scopes_setting("scopes", scopes), why=Why(reason=reason))

    def finish_login(self, *, flow_id: str, code: str = "", error: str = "") -> str:
        """End a login that comes back with a code, or with an error (RFC 6749 section 4.1.2.1).

        Returns:
            the text for the page
        """
        return minimal_managers.finish_login(self, flow_id=flow_id, code=code, error=error)

    def logout(self, *, user_id: str) -> bool | None:
        """Delete a user's tokens, and revoke them at Webex where it lets us.

        Returns:
            whether Webex revoked them; None: the user was not logged in
        """
        revoked = self.login.logout(user_id)
        self._refresher.forget(user_id)
        return revoked

    # -- where people meet it: a web app and a bot, imported when they are there

    def register_redirect(self, *, flask: Flask) -> None:
        """Register the endpoint at which logins come back: the path of the integration's redirect address.

        Args:
            flask: the app; browsers reach it at that address

        Raises:
            SettingError: the address has no path, or the app serves it already
        """
        from ..redirect import view

        view.register(flask, self.integration.redirect_url, self.redirect)

    def redirect(self) -> ResponseReturnValue:
        """View function for GET on /redirect at the end of the authorization flow."""
        from ..redirect import view

        return view.answer(self)

    def register_bot(
        self,
        *,
        bot: Any,
        workers: int = 32,
        account_commands: bool = True,
        login_keyword: str = "login",
        logout_keyword: str = "logout",
    ) -> None:
        """Let a bot log people in and out, and run the commands that waited for a login.

        Args:
            bot: a :class:`webex_bot.webex_bot.WebexBot`
            workers: how many messages are handled at the same time, each in a thread
            account_commands: add the ``login`` and ``logout`` commands
            login_keyword: what to type to log in
            logout_keyword: what to type to log out
        """
        from ..commands import registration

        if self._resumer is not None:
            raise SettingError("bot", "this token manager has one already: make one manager for each bot")
        self._resumer = registration.register(
            self, bot, workers=workers, account_commands=account_commands,
            login_keyword=login_keyword, logout_keyword=logout_keyword,
        )  # fmt: skip
        self.login.watch()

    def _close(self) -> None:
        if self._resumer is not None:
            self._resumer.request_stop()
        self.login.close()
        self.pending.close()
        self._refresher.close()
        if self._resumer is not None:
            self._resumer.stop()
        self.connections.close()
        self.contexts.close()
