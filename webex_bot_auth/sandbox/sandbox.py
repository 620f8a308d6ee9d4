"""A Webex cloud on this machine: its parts put together, started and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from wxc_sdk.integration import Integration

from . import browser, cards, content, waiting
from .app import create_app
from .bot_thread import BotThread, Runnable
from .calls import Calls
from .faults import Faults
from .gate import Gate
from .http_server import HttpServer
from .messages import AttachmentAction, Message
from .people import Person
from .rooms import Room
from .services import assemble
from .settings import OAuthSettings
from .waiting import Wanted

if TYPE_CHECKING:
    import requests
    from _typeshed.wsgi import WSGIApplication

    Middleware = Callable[[WSGIApplication], WSGIApplication]

SCOPES = ("spark:people_read", "spark:kms")


class Sandbox:
    """A Webex cloud for tests and trials, on 127.0.0.1 only.

    Args:
        port: of the REST API and the chat page; 0 is a free one.
        tls: whether the websocket is wss, with a throw-away certificate. REST stays http.
        oauth: lifetimes and behavior of OAuth; also at hand as ``oauth``, to change while it runs.

    Attributes:
        faults: what goes wrong on purpose.
        calls: every HTTP call that was made.
    """

    def __init__(self, port: int = 0, tls: bool = False, oauth: OAuthSettings | None = None) -> None:
        self.oauth = oauth or OAuthSettings()
        self.faults = Faults()
        self.calls = Calls()
        self._services = assemble(self.oauth, self.faults, self.calls, tls=tls)
        self._cloud, self._tokens = self._services.cloud, self._services.tokens
        self._http = HttpServer(Gate(create_app(self._services).wsgi_app, self._services), port)

    # -- lifecycle

    @property
    def url(self) -> str:
        """Where the chat page is; the REST API is below it at ``/v1``."""
        return f"http://127.0.0.1:{self._http.port}"

    def show(self) -> None:
        """Open the chat page in the browser, where there is a desktop."""
        browser.show(self.url)

    def start(self) -> Sandbox:
        """Start to answer."""
        self._services.mercury.rest_url = self.url
        self._services.mercury.start()
        self._http.start()
        return self

    def close(self) -> None:
        """Stop at once, for good; whoever waits for an answer is cut off."""
        if self._services.closing.is_set():
            return
        self._services.closing.set()
        self._cloud.tell()
        self.faults.close()
        self._http.close()
        self._services.mercury.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- who and where

    def add_person(self, name: str, *, email: str | None = None, admin: bool = False) -> Person:
        """Let a person in; the email address is made from the name, at example.com.

        Raises:
            ValueError: the email address is taken.
        """
        person = self._cloud.add_person(name, email=email, admin=admin)
        self._tokens.keep(person)
        return person

    def add_bot(self, name: str, *, email: str | None = None) -> Person:
        """Let a bot in; its ``token`` is what webex_bot takes.

        Raises:
            ValueError: the email address is taken.
        """
        bot = self._cloud.add_person(name, email=email, is_bot=True)
        self._tokens.keep(bot)
        return bot

    def people(self) -> list[Person]:
        """Return all people and bots, in the order they were added."""
        return self._cloud.people

    def direct(self, one: Person, other: Person) -> Room:
        """Return the 1:1 space of two."""
        return self._cloud.direct(one, other)

    def group(self, title: str, people: Iterable[Person]) -> Room:
        """Return a new group space."""
        return self._cloud.group(title, people)

    def integration(
        self,
        redirect_url: str = "http://127.0.0.1:5000/redirect",
        scopes: str | Sequence[str] = SCOPES,
        name: str = "Sandbox integration",
        more_redirect_urls: Sequence[str] = (),
    ) -> Integration:
        """Register an integration, and return it as wxc_sdk knows it, pointed at this sandbox."""
        wanted = tuple(scopes.split() if isinstance(scopes, str) else scopes)
        registered = self._services.integrations.register(name, (redirect_url, *more_redirect_urls), wanted)
        return Integration(
            client_id=registered.client_id,
            client_secret=registered.client_secret,
            scopes=list(wanted),
            redirect_url=redirect_url,
            auth_service=f"{self.url}/v1/authorize",
            token_service=f"{self.url}/v1/access_token",
        )

    # -- bots

    def clients(self) -> AbstractContextManager[None]:
        """Point webex_bot, webexpythonsdk and wxc_sdk here for the length of a ``with`` block."""
        from .clients import clients_at  # the sandbox starts faster without webex_bot

        return clients_at(self.url)

    @contextmanager
    def run_bot(self, bot: Runnable, timeout: float = 10) -> Iterator[BotThread]:
        """Run a WebexBot, made within ``clients()``, for the length of a ``with`` block.

        Raises:
            TimeoutError: it was not connected within ``timeout`` seconds.
            BaseException: what its ``run()`` died of, if it did.
        """
        person = self._tokens.owner(bot.access_token)
        if person is None:
            raise ValueError("this bot's token is not one of this sandbox")
        thread, logins = BotThread(bot, self._cloud.changed), self._services.mercury.logins
        before = logins[person.uuid]
        thread.start()
        try:
            self._wait(lambda: thread.ended or logins[person.uuid] > before, timeout, f"{person} to connect")
            if not thread.ended:
                yield thread
        finally:
            thread.stop()
        if thread.error is not None:
            raise thread.error

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

    def wait_until_online(self, bot: Person, timeout: float = 10, *, connections: int = 1) -> None:
        """Wait until a bot is connected and authorized.

        Args:
            bot: The bot, as returned by ``add_bot``.
            timeout: Maximum wait, in seconds.
            connections: How often it has to have connected since the sandbox was started.

        Raises:
            TimeoutError: It was not online in time.
        """
        self._wait(
            lambda: self._services.mercury.is_online(bot) and self.connections(bot) >= connections,
            timeout,
            f"{bot} to connect",
        )

    def wait_until_offline(self, bot: Person, timeout: float = 10) -> None:
        """Wait until a bot has no connection left.

        Args:
            bot: The bot, as returned by ``add_bot``.
            timeout: Maximum wait, in seconds.

        Raises:
            TimeoutError: It was still online after this time.
        """
        self._wait(lambda: not self._services.mercury.is_online(bot), timeout, f"{bot} to disconnect")

    def wait_for_bot(self, bot: Person, timeout: float = 10) -> None:
        """Wait until a bot is connected and let in.

        Raises:
            TimeoutError: it was not within ``timeout`` seconds.
        """
        self._wait(lambda: self._services.mercury.is_online(bot), timeout, f"{bot} to connect")

    def connections(self, bot: Person) -> int:
        """Return how often a bot has connected so far."""
        return self._services.mercury.logins[bot.uuid]

    def _wait(self, happened: Callable[[], bool], timeout: float, what: str) -> None:
        with self._cloud.changed:
            if not self._cloud.changed.wait_for(happened, timeout):
                raise TimeoutError(f"waited {timeout} s for {what}")

    def disconnect(self, bot: Person) -> None:
        """Break a bot's websocket, as a network does: without a word."""
        self._services.mercury.disconnect(bot)

    # -- what people do

    def say(
        self,
        person: Person,
        room: Room,
        text: str,
        *,
        parent: Message | str | None = None,
        to: Person | None = None,
    ) -> Message:
        """Say something in a space; ``to`` mentions somebody, ``parent`` is the message to reply to.

        Raises:
            WebexError: the person is not in the space, or the text is too long.
        """
        said = f"{to.display_name} {text}" if to else text
        new = content.message_from({"text": said})
        above = parent.uuid if isinstance(parent, Message) else parent
        return self._cloud.post(person, room, content.content_of(new), above)

    def submit(
        self,
        person: Person,
        message: Message,
        inputs: Mapping[str, Any] | None = None,
        *,
        action: int | str = 0,
    ) -> AttachmentAction:
        """Fill in a card and press one of its Action.Submit buttons, given by its number or title.

        Raises:
            LookupError: there is no card, or no such button.
            WebexError: the person does not see the message.
        """
        seen = self._cloud.message(message.uuid, person)
        return self._cloud.submit(person, seen, cards.pressed(seen.card or {}, inputs or {}, action))

    def messages(self, room: Room | None = None) -> list[Message]:
        """Return the messages of one space or of all, oldest first, without deleted ones."""
        return self._cloud.messages(room)

    def wait_for_message(
        self,
        room: Room | None = None,
        where: Callable[[Message], object] | None = None,
        *,
        person: Person | None = None,
        after: Message | None = None,
        timeout: float = 10,
    ) -> Message:
        """Return the first message of a space and a person, after another one, for which ``where`` holds.

        It counts even if it has been deleted again.

        Raises:
            NoSuchMessageError: there was none within ``timeout`` seconds.
        """

        return waiting.for_message(self._cloud, Wanted(room, person, after, where), timeout)

    @overload
    def log_in(self, url: str, as_person: Person, *, deny: bool = ...) -> requests.Response: ...
    @overload
    def log_in(
        self, url: str, as_person: Person, *, deny: bool = ..., stop_before_redirect: Literal[True]
    ) -> str: ...
    def log_in(
        self, url: str, as_person: Person, *, deny: bool = False, stop_before_redirect: bool = False
    ) -> requests.Response | str:
        """Do what a browser does with an authorization URL: approve as a person and follow the redirect.

        Returns the application's answer, or with ``stop_before_redirect`` the address of the redirect.

        Raises:
            ValueError: the authorization URL is refused.
        """
        return browser.log_in(url, as_person, deny=deny, stop_before_redirect=stop_before_redirect)

    # -- tokens

    def owner(self, token: str) -> Person | None:
        """Return the person or bot that an access token was given to; None if it is unknown."""
        return self._tokens.owner(token)

    def secrets(self) -> set[str]:
        """Return every secret that this sandbox has given out so far, whether or not it is still valid.

        For tests that search logs and pages for secrets: access and refresh tokens, those of bots included,
        authorization codes, device codes and client secrets.
        """
        return self._services.secrets()

    def revoke(self, token: str) -> None:
        """End an access token, or a refresh token with all its access tokens.

        Raises:
            LookupError: the token is unknown.
        """
        if not self._tokens.revoke(token):
            raise LookupError("no such token")

    def revoke_person(self, person: Person) -> None:
        """End everything that integrations hold of a person."""
        for held in self._tokens.authorizations(person):
            held.revoked = True

    def pass_time(self, seconds: float) -> None:
        """Let the sandbox's time pass, so that tokens and codes expire; the clients' time does not."""
        self._cloud.clock.advance(seconds)
