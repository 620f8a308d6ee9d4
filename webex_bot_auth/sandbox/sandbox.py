"""A Webex cloud on this machine: its parts put together, started and stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wxc_sdk.integration import Integration

from . import browser
from .app import shared_app
from .bot_thread import BotThread, Runnable, running_bot
from .http.calls import Calls
from .http.faults import Faults
from .http.middleware import CallMiddleware
from .http.origins import CorsMiddleware, Origins
from .http.server import HttpServer
from .model.people import Person
from .model.rooms import Room
from .notifications.delivery import Delivery, WebhookSettings
from .oauth.scopes import is_known
from .oauth.settings import OAuthSettings
from .person_actions import PersonActions
from .rest.custom_answers import Answer
from .services import create_services, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    Middleware = Callable[[WSGIApplication], WSGIApplication]

logger = logging.getLogger("webex_bot_auth.sandbox")
SCOPES = ("spark:people_read", "spark:kms")


class Sandbox(PersonActions):
    """A Webex cloud for tests and trials, on 127.0.0.1 only.

    Args:
        port: Port of the REST API and the chat page; 0 for any free one.
        tls: True for a websocket over TLS (wss), with a temporary certificate. The REST API stays http.
        oauth: How OAuth behaves; None for the defaults.
        webhooks: How webhooks are delivered; None for the defaults.
        allow_origins: Origins of web apps that may use the REST API and the websocket from a browser.

    Raises:
        ValueError: One of ``allow_origins`` is not an origin.

    Attributes:
        oauth: How OAuth behaves; may be changed while the sandbox runs.
        webhooks: How webhooks are delivered; may be changed while the sandbox runs.
        faults: Switches faults on and off.
        calls: Every HTTP call that clients have made.
    """

    def __init__(
        self,
        port: int = 0,
        tls: bool = False,
        oauth: OAuthSettings | None = None,
        webhooks: WebhookSettings | None = None,
        allow_origins: Sequence[str] = (),
    ) -> None:
        self.oauth = oauth or OAuthSettings()
        self.webhooks = webhooks or WebhookSettings()
        self.faults = Faults()
        self.calls = Calls()
        origins = Origins(allow_origins)
        super().__init__(
            create_services(self.oauth, self.faults, self.calls, self.webhooks, origins, tls=tls)
        )
        app = serve(shared_app().wsgi_app, self._services)
        self._http = HttpServer(CorsMiddleware(CallMiddleware(app, self._services), origins), port)

    # -- start, reach and stop it

    @property
    def url(self) -> str:
        """The address of the chat page; the REST API is below it, at ``/v1``."""
        return f"http://127.0.0.1:{self._http.port}"

    def show(self) -> None:
        """Open the chat page in the browser, if this machine has a desktop."""
        browser.show(self.url)

    def start(self) -> Sandbox:
        """Start both servers and return the sandbox."""
        for part in (self._services.deliveries, self._services.event_log):
            part.base_url = self.url
        self._services.mercury.rest_url = self.url
        self._services.mercury.start()
        self._http.start()
        return self

    def close(self) -> None:
        """Stop at once, for good; requests that wait for an answer are cut off."""
        if self._services.closing.is_set():
            return
        self._services.closing.set()
        self._cloud.feed.close()
        self._cloud.notify()
        self.faults.close()
        self._http.close()
        self._services.mercury.close()
        self._services.deliveries.close()

    def on_delivery(self, listener: Callable[[Delivery], None]) -> None:
        """Call a function with each delivery of a webhook, when it begins and after each attempt."""
        self._services.deliveries.listeners.append(listener)

    def answer(self, path: str, *, method: str = "GET", json: Any = None, status: int = 200) -> Answer:
        """Say what the sandbox answers where it has nothing of its own: calling, meetings and so on.

        Args:
            path: The path, for example ``/v1/telephony/calls``.
            method: The HTTP method.
            json: The body of the answer; None for an empty one.
            status: The HTTP status of the answer.

        Returns:
            A context manager: the answer holds from now on until its ``with`` block ends.
        """
        return self._services.answers.add(path, method, json, status)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def wrap(self, middleware: Middleware) -> Iterator[None]:
        """Put a WSGI middleware in front of the HTTP server for the length of a ``with`` block.

        Args:
            middleware: Called with the WSGI application that answers now; returns the one to answer instead.
        """
        app = self._http.app
        self._http.app = middleware(app)
        try:
            yield
        finally:
            self._http.app = app

    # -- people, spaces and integrations

    def add_person(
        self, name: str, *, email: str | None = None, admin: bool = False, token: str | None = None
    ) -> Person:
        """Add a person.

        Args:
            name: The display name.
            email: The email address; None to make one from the name, at example.com.
            admin: True for an administrator, who may manage people and see events and authorizations.
            token: The person's own access token; None to make one.

        Raises:
            ValueError: The email address is taken.
        """
        return self._add(name, email=email, admin=admin, token=token or "")

    def add_bot(self, name: str, *, email: str | None = None, token: str | None = None) -> Person:
        """Add a bot; its ``token`` is what webex_bot takes.

        Args:
            name: The display name.
            email: The email address; None to make one from the name, at webex.bot.
            token: The bot token; None to make one.

        Raises:
            ValueError: The email address is taken.
        """
        return self._add(name, email=email, is_bot=True, token=token or "")

    def _add(self, name: str, **options: Any) -> Person:
        person = self._cloud.add_person(name, **options)
        self._tokens.add_own_token(person)
        return person

    def direct(self, one: Person, other: Person) -> Room:
        """Return the 1:1 space of two people, which is made if there is none yet."""
        return self._cloud.direct(one, other)

    def group(self, title: str, people: Iterable[Person]) -> Room:
        """Return a new group space."""
        return self._cloud.group(title, people)

    def integration(
        self,
        redirect_url: str = "http://127.0.0.1:8911/redirect",
        scopes: str | Sequence[str] = SCOPES,
        name: str = "Sandbox integration",
        more_redirect_urls: Sequence[str] = (),
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> Integration:
        """Register an integration and return it in wxc_sdk's form, with the addresses of this sandbox.

        Args:
            redirect_url: The redirect URI that the integration uses.
            scopes: What it may ask for: a list, or a string with spaces between.
            name: Its name on the consent page.
            more_redirect_urls: Further redirect URIs to register.
            client_id: Its client ID; None to make one.
            client_secret: Its client secret; None to make one.
        """
        names = tuple(scopes.split() if isinstance(scopes, str) else scopes)
        for unknown in [name for name in names if not is_known(name)]:
            logger.warning(
                "%s is no scope that the sandbox knows: is it written as Webex writes it?", unknown
            )
        urls = (redirect_url, *more_redirect_urls)
        registered = self._services.integrations.register(name, urls, names, client_id, client_secret)
        return registered.for_wxc_sdk(self.url)

    def remove_integration(self, integration: Integration) -> None:
        """Delete an integration with all its tokens, as its owner can at developer.webex.com."""
        self._services.integrations.remove(integration.client_id)
        for grant in self._tokens.grants():
            if grant.client_id == integration.client_id:
                grant.revoked = True

    # -- bots

    def clients(self) -> AbstractContextManager[None]:
        """Point webex_bot, webexpythonsdk and wxc_sdk at this sandbox for the length of a ``with`` block."""
        from .clients import clients_of  # the sandbox starts faster without webex_bot

        return clients_of(self.url, self._services.handlings)

    def run_bot(self, bot: Runnable, timeout: float = 30) -> AbstractContextManager[BotThread]:
        """Run a WebexBot for the length of a ``with`` block.

        Args:
            bot: The bot, made within a block of ``clients()``.
            timeout: Maximum wait until it is connected, in seconds.

        Raises:
            ValueError: Its token is not one of this sandbox.
            TimeoutError: It was not connected in time.
            BaseException: What its ``run()`` raised, if it did.
        """
        person = self.owner(bot.access_token)
        if person is None:
            raise ValueError("this bot's token is not one of this sandbox")
        before = self.connections(person)
        return running_bot(bot, self._cloud.changed, lambda: self.connections(person) > before, timeout)

    def disconnect(self, bot: Person) -> None:
        """Break a bot's websocket connections without a closing handshake, as a network failure does."""
        self._services.mercury.disconnect(bot)

    # -- tokens and time

    def revoke(self, token: str) -> None:
        """Revoke an access token, or a refresh token with all its access tokens.

        Raises:
            LookupError: The token is unknown.
        """
        if not self._tokens.revoke(token):
            raise LookupError("no such token")

    def revoke_person(self, person: Person) -> None:
        """Revoke all tokens that integrations hold for a person."""
        for authorization in self._tokens.authorizations(person):
            authorization.revoked = True

    def pass_time(self, seconds: float) -> None:
        """Move the sandbox's clock forward, so that tokens and codes expire there.

        The clients' clock stays, and so a token manager finds out by a call that is refused: in a command, or
        with ``manager.api``, it then refreshes the token and sends the call once more.
        """
        self._cloud.clock.advance(seconds)
