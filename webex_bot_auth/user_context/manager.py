"""TokenManager: puts the parts together, and is what bots, guards and pages talk to."""

from __future__ import annotations

import logging
import secrets
import threading
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from wxc_sdk import WebexSimpleApi
from wxc_sdk.integration import Integration
from wxc_sdk.tokens import Tokens

from ..chat.cards import login_card
from ..chat.direct_messages import DirectMessages
from ..chat.messages import Chat, MakeCard, TextsOrChoice, Why
from ..chat.texts import Texts
from ..errors import SettingError
from ..ground import redaction
from ..ground.bounded_close import Closes
from ..ground.forks import rebuild_after_forks
from ..ground.queues import Queues
from ..ground.turn import LEASE, Turn
from ..logins.asking import Asking
from ..logins.contexts import ANY_INTEGRATION, Contexts
from ..logins.desk import WaitingCommand
from ..logins.desks import INTERRUPTED, POLL, RUN, TIDY, Desks
from ..logins.device_polling import DevicePolling
from ..logins.ending import Ending
from ..logins.logging_out import LoggingOut
from ..logins.records import Records
from ..logins.refresh import Refresher
from ..logins.tidying import Tidying
from ..models import Outcome, UserContext, reference
from ..signals import Announcer
from ..stores import FlowStore, UserStore
from ..stores.agenda import Agenda, Takes
from ..stores.leases import Leases
from ..stores.memory import MemoryFlowStore
from ..webex.connections import Connections
from ..webex.device_grant import DeviceGrant
from ..webex.oauth import WebexOAuth, scopes_setting
from ..webex.rest import user_api
from .minimal_managers import MinimalUsers, own_id
from .open_api import open_api
from .settings import DEFAULT_LIFETIME, check_login_scopes, check_proxies, check_settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from ..commands.handling import Handling
    from ..commands.resumer import Resumer
    from .running import Running

log = logging.getLogger(__name__)

#: maximum wait, at the end, for what is still to be said; seconds
CLOSE_SECONDS = 15.0


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
        proxies: for all calls to Webex, as requests takes them, in the place of the environment's; None:
            those of the bot that is registered, and otherwise the environment's
        make_login_card: makes the login card, from what :func:`webex_bot_auth.chat.cards.login_card` takes

    Attributes:
        integration: the OAuth integration
        chat: what people are told
        contexts: users' contexts
        desks: what is under way for each person
        leases: what one process at a time does
        refresher: gives contexts whose access token is usable
        asking: asks people to log in
        ending: ends logins
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
        encryption_keys: Iterable[str | bytes] | None = (),
        accept_plain: bool = True,
        login_flow: Literal["redirect", "device"] = "redirect",
        login_scopes: str | Iterable[str] | None = None,
        texts: TextsOrChoice | None = None,
        make_login_card: MakeCard = login_card,
        proxies: Mapping[str, str | None] | None = None,
    ) -> None:
        check_settings(bot_token, integration, flow_lifetime, login_flow)
        check_proxies(proxies)
        self.integration = integration
        self.connections = Connections(proxies)
        self._bot_token = bot_token
        self._lifetime = flow_lifetime
        self._with_device = login_flow == "device"
        self._serves_redirect = self._redirect_checked = False
        self._texts, self._make_login_card = texts or Texts(), make_login_card
        self._records = Records(() if encryption_keys is None else encryption_keys, accept_plain=accept_plain)
        self._oauth = WebexOAuth(
            integration, self.connections, with_redirect=not self._with_device,
            login_scopes=check_login_scopes(login_scopes, integration),
        )  # fmt: skip
        self._build()
        rebuild_after_forks(self)
        redaction.install()

    def _build(self) -> None:
        """Make all parts that have locks, threads or connections."""
        seconds, announce = self._lifetime.total_seconds(), Announcer(self)
        users, self._flows = self._make_stores()
        is_minimal = isinstance(users, MinimalUsers)
        client_id = ANY_INTEGRATION if is_minimal else self.integration.client_id
        self.contexts = Contexts(users, Records() if is_minimal else self._records, client_id)
        self.leases = Leases(self._flows)
        self.refresher = Refresher(self.contexts, self.leases, self._oauth.refresh, announce)

        # what is said in chat is said in the background, in order for each person
        self._messages = Queues("messages")
        messages = DirectMessages(self._bot_token, self.connections)
        self.chat = Chat(messages, self._texts, self._lifetime, self._make_login_card)

        # a login: asking, ending, logging out
        ends_with_process = isinstance(self._flows, MemoryFlowStore)
        process = secrets.token_hex(2) if ends_with_process else "0000"
        self.desks = Desks(self._flows, self._records, reference(self._bot_token), process)
        tidying = Tidying(self.desks, self.chat, self._messages)
        device = DeviceGrant(self.integration, self.connections) if self._with_device else None
        self.asking = Asking(
            self._oauth, self.contexts, self.desks, self.chat, announce, tidying, seconds,
            device=device, own_flows=users if isinstance(users, MinimalUsers) else None,
        )  # fmt: skip
        self.ending = Ending(
            self._oauth, self.contexts, self._flows, self.desks, self.chat, announce,
            self.asking, tidying, self._messages, seconds,
        )  # fmt: skip
        self._logging_out = LoggingOut(self._oauth, self.contexts, self.desks, announce, tidying)

        # who does what is due
        self._takers: dict[str, Takes] = {TIDY: self.ending}
        self._polling = DevicePolling(device, self._flows, self.desks, self.ending) if device else None
        if self._polling is not None:
            self._takers[POLL] = self._polling
        self._turn = Turn()
        self._running: Running | None = None
        self._is_closed = False
        self._watching = threading.Lock()
        self._agenda: Agenda | None = None
        self._resumer: Resumer | None = None
        self._handling: Handling | None = None

    def _make_stores(self) -> tuple[UserStore, FlowStore]:
        """Open the stores; those of a manager that brings only the specification's three methods."""
        return MinimalUsers(self, self._oauth), MemoryFlowStore()

    def rebuild(self) -> None:
        """Make all parts once more, in a forked process; what is under way is left to the parent."""
        self.connections.reset()
        self._build()

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
        users = self.contexts.store
        if isinstance(users, MinimalUsers):
            users.remember(user_id, user_context)

    def get_user_context_and_refresh(self, *, user_id: str) -> UserContext | None:
        """Get the user context, with an access token that is usable now.

        A token that expires soon is used, and refreshed once in the background. An expired one is refreshed
        once, however many threads ask.

        Returns:
            None where a login is needed

        Raises:
            TokenServiceError: expired, and the token service cannot refresh it at the moment
            StoreError: what is stored cannot be read
        """
        return self.refresher.usable(user_id)

    def token_refresh(self, *, tokens: Tokens) -> bool:
        """Try to refresh the tokens, in place. Nothing is stored.

        Args:
            tokens: tokens to refresh; left as they are where they cannot be

        Returns:
            True -> tokens got updated
        """
        return self._oauth.refresh_in_place(tokens)

    def api_of(self, context: UserContext) -> WebexSimpleApi:
        """See :meth:`webex_bot_auth.service.LoginService.api_of`."""

        def renew() -> Tokens | None:
            renewed = self.refresher.renew(context)
            return None if renewed is None else renewed.tokens

        return user_api(context.tokens, self.connections, renew)

    def needs_login(self, context: UserContext) -> bool:
        """See :meth:`webex_bot_auth.service.LoginService.needs_login`."""
        return self.refresher.renew(context) is None

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
            MessageNotSent: the card did not reach the person
            StoreError: the login could not be stored
            TokenServiceError: device grant: Webex gave no code
        """
        return self.ask_to_log_in(user_id, scopes_setting("scopes", scopes), Why(reason=reason))

    def ask_to_log_in(
        self, user_id: str, scopes: Iterable[str], why: Why | None, command: WaitingCommand | None = None
    ) -> bool:
        """See :meth:`webex_bot_auth.service.LoginService.ask_to_log_in`."""
        with self._watching:
            if self._agenda is None:
                self._agenda = Agenda(self._flows, self._takers, self._turn)
            if not (self._with_device or self._redirect_checked):
                self._redirect_checked = self._messages.submit("", self._check_redirect)
        return self.asking.ask(user_id, scopes, why=why, command=command)

    def _check_redirect(self) -> None:
        """Say so in the log where logins cannot come back; those in memory have to come to this process."""
        from ..redirect.probe import problem_on_this_machine

        url = self.integration.redirect_url.partition("?")[0]  # what is behind may be a secret
        is_here = isinstance(self._flows, MemoryFlowStore)
        if problem := problem_on_this_machine(self.integration.redirect_url):
            log.log(
                logging.ERROR if is_here else logging.WARNING,
                "no login can come back to %s: %s",
                url,
                problem,
            )
        elif is_here and not self._serves_redirect:
            log.warning(
                "no login can come back: unless this process serves %s by a view of your own, call "
                "token_manager.register_redirect(flask=app)",
                url,
            )

    def runs_commands_after_logins(self) -> bool:
        """See :meth:`webex_bot_auth.service.LoginService.runs_commands_after_logins`."""
        return self._resumer is not None

    def finish_login(self, *, flow_id: str, code: str = "", error: str = "") -> str:
        """End a login that comes back with a code, or with an error (RFC 6749 section 4.1.2.1).

        Returns:
            the text for the page
        """
        if error:
            return self.chat.page(Outcome.REFUSED if error == "access_denied" else Outcome.TRY_AGAIN)
        text = self.process_redirect(flow_id=flow_id, code=code)
        self.ending.release(own_id(flow_id))
        return text

    def logout(self, *, user_id: str) -> bool | None:
        """Delete a user's tokens, and revoke them at Webex where it lets us.

        Returns:
            whether Webex revoked them; None: the user was not logged in

        Raises:
            LogoutIncomplete: the tokens are deleted, but a login that is under way may still end
            StoreError: the tokens could not be deleted
        """
        try:
            return self._logging_out.log_out(user_id)
        finally:
            self.refresher.forget(user_id)

    # -- where people meet it: a web app and a bot, imported when they are there

    def register_redirect(self, *, flask: Flask, path: str | None = None) -> None:
        """Register the endpoint at which logins come back: the path of the integration's redirect address.

        Args:
            flask: the app; browsers reach it at that address
            path: what the app is asked for, where a proxy takes off a prefix before; None: the address's own
                path, which is found behind ``SCRIPT_NAME`` as well

        Raises:
            SettingError: there is no path, or the app serves it already
        """
        from ..redirect import view

        view.register(flask, self.integration.redirect_url, self.redirect, path)
        self._serves_redirect = True

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
        from ..commands.events import Events
        from ..commands.handling import event_queues
        from ..commands.registration import register
        from ..commands.resumer import Resumer

        if self._resumer is not None:
            raise SettingError("bot", "this token manager has one already: make one manager for each bot")
        queues, turn = event_queues(workers), self._turn
        events = Events(self._flows, self._records, self.desks, self.chat, self._messages, turn)
        self._handling = register(
            self, bot, events, queues, turn, account_commands=account_commands,
            login_keyword=login_keyword, logout_keyword=logout_keyword,
        )  # fmt: skip
        if self.connections.proxies is None and bot.proxies:
            self.connections.proxies = dict(bot.proxies)
        self._resumer = Resumer(bot, self.chat, self._flows, self.desks, events, queues, turn)
        with self._watching:
            if self._agenda is not None:
                self._agenda.close()
            self._takers |= {RUN: self._resumer, INTERRUPTED: events}
            self._agenda = Agenda(self._flows, self._takers, self._turn)

    def run_bot(self, *, bot: Any, take_over_after: float = 15.0) -> None:
        """Run a bot until SIGTERM, SIGINT or :meth:`close`, and connect it again whenever that is needed.

        Of all processes that share a store and run the same bot, one is connected and handles messages; the
        others stand by. With a store that ends with the process, the bot is just kept up. At its end,
        commands that run have ten seconds to answer. Outside of the main thread, no signal ends it.

        Args:
            bot: the bot, after :meth:`register_bot`
            take_over_after: one that stands by is connected when the other one has been silent for so many
                seconds; the same in all processes

        Raises:
            SettingError: the bot is not registered, or was run before, the manager is closed, or that is no
                number of seconds up to a day
        """
        from .running import Running, check_seconds

        check_seconds(take_over_after)
        if self._resumer is None or self._handling is None or self._resumer.bot is not bot:
            raise SettingError("bot", "is not registered here: call register_bot(bot=bot) before")
        if self._running is not None:
            raise SettingError("bot", "was run before: call run_bot(bot=bot) once")
        if self._is_closed:
            raise SettingError("bot", "cannot be run any more, as this token manager is closed")
        leases = None if isinstance(self._flows, MemoryFlowStore) else self._flows
        self._running = Running(
            bot, self._turn, self._handling, self._resumer, self._agenda, leases, take_over_after
        )
        self._running.run()

    def is_bot_running(self) -> bool:
        """Tell whether :meth:`run_bot` runs the bot, here or in another process that shares the store.

        Raises:
            StoreError: the store cannot be asked
        """
        lease = self._turn.lease
        return (lease is not None and lease.is_held()) or self._flows.read(LEASE)[0] is not None

    def _close(self) -> None:
        self._is_closed = True
        if self._running is not None:
            self._running.stop()
        if self._handling is not None:
            self._handling.stop()
        with self._watching:
            if self._agenda is not None:
                self._agenda.close()
        if self._resumer is not None:
            self._resumer.stop()
        if self._polling is not None:
            self._polling.close()
        self._logging_out.close()
        for user_id, left in self._messages.close(CLOSE_SECONDS).items():
            log.warning("%d messages to user %s not sent: closed", len(left), user_id)
        if self._resumer is not None and isinstance(self._flows, MemoryFlowStore):
            self._resumer.tell_lapsed()
        self.leases.close()
        self.refresher.close()
        self._flows.close()
        self.connections.close()
        self.contexts.close()
