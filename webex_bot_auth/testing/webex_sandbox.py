"""A sandbox that runs bots: what the fixture ``webex_sandbox`` gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, cast

from flask import Flask
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from wxc_sdk.integration import Integration

from ..sandbox import OAuthSettings, Person, Sandbox
from ..sandbox.http_server import HttpServer
from ..user_context import TokenManager, YAMLTokenManager
from .root_logger import root_logger_restored
from .running_bot import RunningBot

#: makes a token manager, from a bot token and an integration
MakeManager = Callable[[str, Integration], TokenManager]


class WebexSandbox(Sandbox):
    """A Webex cloud with the clients of this process pointed at it, which runs bots until it is closed.

    All that a :class:`~webex_bot_auth.sandbox.Sandbox` can do is here too: ``add_person``, ``faults``,
    ``calls``, ``oauth``, ``revoke_person``, ``pass_time``, ``submit``, ``wait_for_message``...

    :param tls: as at Webex; needs ``webex-bot-auth[encryption]``. Without it, a test is faster
    :param oauth: lifetimes and behaviour of OAuth; also at hand as ``oauth``, to change while it runs
    """

    def __init__(self, *, tls: bool = False, oauth: OAuthSettings | None = None) -> None:
        super().__init__(tls=tls, oauth=oauth)
        self._running = ExitStack()

    def start(self) -> WebexSandbox:
        """Start to answer, and point the clients here."""
        super().start()
        self._running.enter_context(root_logger_restored())
        self._running.enter_context(self.clients())
        return self

    def close(self) -> None:
        """Stop the bots, their managers and apps, and the cloud; no thread and no port is left."""
        self.faults.clear()  # or a bot would wait for an answer that a fault holds back
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
        scopes: str | Sequence[str] = ("spark:people_read",),
        **register: Any,
    ) -> RunningBot:
        """Run a bot until the sandbox is closed: the real webex_bot, with its redirect served.

        :param commands: each is called with ``token_manager=``; one that is made already is taken as it is
        :param manager: makes the token manager, from a bot token and an integration, as in
            ``partial(RedisTokenManager, redis_url=...)``; without it, tokens are in a file that goes away
        :param bot: makes the bot, as in ``partial(WebexBot, approved_domains=["example.com"])``
        :param name: the bot's name in the spaces
        :param app: your own Flask app, to serve the redirect with
        :param scopes: scopes of the integration
        :param register: options of :meth:`TokenManager.register_bot`
        """
        app = Flask("bot") if app is None else app
        integration = self.integration(f"{self.serve(app)}/redirect", scopes)
        token = self.add_bot(name).token
        tokens = self._running.enter_context((manager or self._file)(token, integration))
        tokens.register_redirect(flask=app)
        with root_logger_restored():  # its own handler would write between pytest's lines
            made = bot(teams_bot_token=token)
        for command in commands:
            made.add_command(command if isinstance(command, Command) else command(token_manager=tokens))
        tokens.register_bot(bot=made, **register)
        return self.start_bot(made, tokens)

    def start_bot(self, bot: WebexBot, manager: TokenManager) -> RunningBot:
        """Run a bot that has been put together elsewhere, with a token of ``add_bot``.

        :raises ValueError: the bot's token is not one of this sandbox
        :raises TimeoutError: it does not connect
        """
        self._running.enter_context(self.run_bot(bot))
        person = cast(Person, self._tokens.owner(bot.access_token))  # run_bot would have refused a stranger
        return RunningBot(self, person, bot, manager)

    def serve(self, app: Flask) -> str:
        """Serve an app on this machine until the sandbox is closed, and give its address."""
        server = HttpServer(app, 0)
        self._running.callback(server.close)
        server.start()
        return f"http://127.0.0.1:{server.port}"

    def _file(self, bot_token: str, integration: Integration) -> TokenManager:
        folder = self._running.enter_context(TemporaryDirectory())
        return YAMLTokenManager(bot_token, integration, yml_base=f"{folder}/tokens")
