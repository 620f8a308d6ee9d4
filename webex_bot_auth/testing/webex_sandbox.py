"""A sandbox that runs bots: the value of the fixture ``webex_sandbox``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, cast

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from ..commands.guard import required_scopes
from ..sandbox import OAuthSettings, Person, Sandbox
from ..sandbox.http.server import HttpServer
from ..user_context import TokenManager, YAMLTokenManager
from .root_logger import root_logger_restored
from .running_bot import RunningBot

#: makes a token manager, from a bot token and an integration, and with ``login_scopes=`` where that is given
MakeManager = Callable[..., TokenManager]


class WebexSandbox(Sandbox):
    """A Webex cloud on this machine that all Webex clients of this process use, and that runs bots.

    It has everything that a :class:`~webex_bot_auth.sandbox.Sandbox` has: ``add_person``, ``faults``,
    ``calls``, ``oauth``, ``revoke_person``, ``pass_time``, ``submit``, ``wait_for_message`` and more.

    Args:
        tls: use TLS, as Webex does; needs ``webex-bot-auth[encryption]``. Tests are faster without it
        oauth: lifetimes and behaviour of OAuth; the attribute ``oauth`` changes them while the sandbox runs
    """

    def __init__(self, *, tls: bool = False, oauth: OAuthSettings | None = None) -> None:
        super().__init__(tls=tls, oauth=oauth)
        self._running = ExitStack()

    def start(self) -> WebexSandbox:
        """Start to answer, and let the Webex clients of this process use this sandbox."""
        super().start()
        self._running.enter_context(root_logger_restored())
        self._running.enter_context(self.clients())
        return self

    def close(self) -> None:
        """Stop the bots, their token managers and web apps, and the sandbox. No thread or port is left."""
        self.faults.clear()  # otherwise a bot would wait for an answer that a fault holds back
        try:
            self._running.close()
        finally:
            super().close()

    def __enter__(self) -> WebexSandbox:
        return self.start()

    def run(
        self,
        *commands: Command | Callable[..., Command],
        manager: MakeManager | None = None,
        bot: Callable[..., WebexBot] = WebexBot,
        name: str = "Test Bot",
        app: Flask | None = None,
        scopes: str | Sequence[str] | None = None,
        login_scopes: Sequence[str] | None = None,
        **register: Any,
    ) -> RunningBot:
        """Run a bot until the sandbox is closed: the real webex_bot, with a web app for its redirect page.

        Args:
            commands: command classes, each of which is called with ``token_manager=``, or command objects
            manager: makes the token manager, from a bot token and an integration, for example
                ``partial(RedisTokenManager, redis_url=...)``; None: tokens are in a temporary YAML file
            bot: makes the bot, for example ``partial(WebexBot, approved_domains=["example.com"])``
            name: the bot's name in the spaces
            app: your own Flask app, which is to serve the redirect page; None: a new app
            scopes: scopes of the integration; None: ``spark:people_read``, and what the commands' guards name
            login_scopes: what every login asks for; None: all scopes of the integration
            register: options of :meth:`TokenManager.register_bot`

        Returns:
            the bot, to talk to
        """
        app = Flask("bot") if app is None else app
        integration = self.integration(f"{self.serve(app)}/redirect", scopes or _scopes_for(commands))
        token = self.add_bot(name).token
        options = {} if login_scopes is None else {"login_scopes": login_scopes}
        tokens = self._running.enter_context((manager or self._yaml_manager)(token, integration, **options))
        tokens.register_redirect(flask=app)
        with root_logger_restored():  # webex_bot's own handler would write into pytest's output
            made = bot(teams_bot_token=token)
        for command in commands:
            made.add_command(command if isinstance(command, Command) else command(token_manager=tokens))
        tokens.register_bot(bot=made, **register)
        return self.start_bot(made, tokens)

    def start_bot(self, bot: WebexBot, manager: TokenManager) -> RunningBot:
        """Run a bot that was made elsewhere, until the sandbox is closed.

        Args:
            bot: made with a token from ``add_bot``
            manager: the bot's token manager

        Returns:
            the bot, to talk to

        Raises:
            ValueError: the bot's token is not one of this sandbox
            TimeoutError: the bot does not connect
        """
        self._running.enter_context(self.run_bot(bot))
        person = cast(Person, self.owner(bot.access_token))  # run_bot has raised ValueError if there is none
        return RunningBot(self, person, bot, manager)

    def serve(self, app: Flask) -> str:
        """Serve a web app on this machine until the sandbox is closed.

        Returns:
            the app's address, without a slash at the end
        """
        server = HttpServer(app, 0)
        self._running.callback(server.close)
        server.start()
        return f"http://127.0.0.1:{server.port}"

    def _yaml_manager(self, bot_token: str, integration: Integration, **options: Any) -> TokenManager:
        folder = self._running.enter_context(TemporaryDirectory())
        return YAMLTokenManager(bot_token, integration, yml_base=f"{folder}/tokens", **options)


def _scopes_for(commands: Sequence[Command | Callable[..., Command]]) -> list[str]:
    """Return what the bot needs, as far as the commands' classes say it."""
    scopes = ["spark:people_read"]
    for command in commands:
        cls = command if isinstance(command, type) else type(command)
        scopes += required_scopes(cls) or ()
    return list(dict.fromkeys(scopes))
