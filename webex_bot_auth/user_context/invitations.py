"""Asking a person to log in: a card in the 1:1 space, not too often, and for no fewer scopes than before."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable

from ..chat.speaker import Speaker
from ..oauth import WebexOAuth
from .models import InterruptedCommand, UserContext
from .pending import Pending

log = logging.getLogger(__name__)

#: login cards that one user gets within the lifetime of a flow
MOST_CARDS = 10


class Invitations(ABC):
    """The part of :class:`~webex_bot_auth.user_context.TokenManager` that sends login cards."""

    chat: Speaker
    _oauth: WebexOAuth
    _pending: Pending

    @abstractmethod
    def login_url(self, *, user_id: str, scopes: Iterable[str] = ()) -> str:
        """Start a flow and give the address where the person logs in."""

    @abstractmethod
    def current(self, user_id: str) -> UserContext | None:
        """The context that counts."""

    def request_login(
        self,
        *,
        user_id: str,
        scopes: Iterable[str] = (),
        sentence: str | None = None,
        interrupted: InterruptedCommand | None = None,
    ) -> bool:
        """Send a person a login card in the 1:1 space.

        :param scopes: what a command needs; asked for together with what was granted before
        :param sentence: why; one of :attr:`texts`
        :param interrupted: command to run after the login
        :return: False: the person has enough cards for now, and got none
        :raises MessageNotSent: the card did not reach the person
        :raises StoreError: the flow could not be stored
        :raises TokenServiceError: device grant: Webex gave no code
        """
        asked = self._pending.count_ask(user_id)
        if interrupted:
            self._pending.interrupt(interrupted)
        if asked > MOST_CARDS:
            if asked == MOST_CARDS + 1:
                self.chat.refuse_more_logins(user_id)
            return False
        self._invite(user_id, self._with_granted(user_id, scopes), sentence)
        log.info("asked to log in: user %s", user_id)
        return True

    def _invite(self, user_id: str, scopes: Iterable[str], sentence: str | None) -> None:
        self.chat.show_login(user_id, self.login_url(user_id=user_id, scopes=scopes), sentence)

    def _with_granted(self, user_id: str, scopes: Iterable[str]) -> list[str]:
        """Scopes to ask for: what is needed and what was granted, so that a login never takes away."""
        needed = list(scopes)
        if not needed:
            return []
        context = self.current(user_id)
        granted = (context.tokens.scope or "").split() if context else []
        own = self._oauth.scopes
        identity = [scope for scope in own if scope == "spark:people_read"]  # the login checks who logged in
        return list(dict.fromkeys([*needed, *identity, *(scope for scope in granted if scope in own)]))
