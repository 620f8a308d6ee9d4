"""The bot's own name and address, as people see them in Webex: asked for once, when they are first needed."""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

from wxc_sdk.tokens import Tokens

from ..errors import IdentityRefused, TokenServiceError
from ..webex.connections import Connections
from ..webex.identity import identify

log = logging.getLogger(__name__)

#: maximum wait for Webex's answer; what is said does without the name then; seconds
WAIT_SECONDS = 2.0
#: how long to leave Webex alone after it did not answer; seconds
RETRY_SECONDS = 60.0


class Profile(NamedTuple):
    """A bot as people see it."""

    name: str = ""
    email: str = ""


class BotProfile:
    """Knows who the bot is.

    Args:
        tokens: the bot's access token
        connections: carry the request
    """

    def __init__(self, tokens: Tokens, connections: Connections) -> None:
        self._tokens = tokens
        self._connections = connections
        self._profile: Profile | None = None
        self._starting = threading.Lock()
        self._asked = -RETRY_SECONDS
        self._thread: threading.Thread | None = None

    def has_token(self, token: str) -> bool:
        """Tell whether this is the bot's token."""
        return token == self._tokens.access_token

    def learn(self) -> None:
        """Begin to ask Webex, unless the answer is there, or is being waited for."""
        with self._starting:
            # by then, a question that was open has its answer, or none
            if self._profile is None and time.monotonic() - self._asked >= RETRY_SECONDS:
                self._asked = time.monotonic()
                thread = threading.Thread(target=self._ask, name="webex_bot_auth-profile", daemon=True)
                thread.start()
                self._thread = thread  # only now, as known() waits for it

    def get(self) -> Profile:
        """Name and address, for which Webex is asked; both empty where it does not tell in time."""
        self.learn()
        return self.known()

    def known(self) -> Profile:
        """Name and address, if Webex was asked; both empty where it was not, or does not tell in time."""
        if self._profile is None and (thread := self._thread):
            thread.join(WAIT_SECONDS)
        return self._profile or Profile()

    def _ask(self) -> None:
        try:
            bot = identify(self._tokens, self._connections)
        except IdentityRefused as error:
            fix = "regenerate it at developer.webex.com"
            log.error("Webex refuses the bot token (HTTP %s): %s", error.status, fix)  # noqa: TRY400 (no traceback)
            return
        except TokenServiceError as error:
            log.warning("the bot's own name is not known: %s", error)
            return
        self._profile = Profile(bot.display_name or "", (bot.emails or [""])[0])
