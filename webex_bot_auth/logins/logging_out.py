"""A person logs out: what is under way ends first, then the tokens are deleted, whatever else fails."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial

from ..errors import LogoutIncomplete, StoreError
from ..signals import Announcer, logged_out
from ..webex.oauth import WebexOAuth
from ..webex.revocation import revoke
from . import desk
from .contexts import Contexts
from .desks import Desks
from .tidying import Tidying

log = logging.getLogger(__name__)

#: how long it is tried; seconds
CLEAR_SECONDS = 10 * 60.0
#: longest wait between two tries to end what is under way; seconds
MAX_WAIT = 10.0


@dataclass(eq=False, repr=False)
class LoggingOut:
    """Logs people out.

    Attributes:
        oauth: the integration, whose tokens are revoked
        contexts: where tokens are stored
        desks: what is under way
        announce: signals of logouts
        tidying: deletes login cards
    """

    oauth: WebexOAuth
    contexts: Contexts
    desks: Desks
    announce: Announcer
    tidying: Tidying

    def __post_init__(self) -> None:
        self._closed = threading.Event()

    def log_out(self, user_id: str) -> bool | None:
        """Delete a user's tokens, end what is under way, and revoke the tokens at Webex where it lets us.

        Returns:
            whether Webex revoked them; None: the user was not logged in

        Raises:
            LogoutIncomplete: the tokens are deleted, but a login that is under way may still end
            StoreError: the tokens could not be deleted
        """
        trouble = None
        try:
            self.desks.clear(user_id)
        except StoreError as error:
            trouble = error
        context, is_unreadable = None, False
        try:
            context = self.contexts.load(user_id)
        except StoreError as error:  # it is deleted all the same, if that is possible
            log.warning("deleted unread: %s", error)
            is_unreadable = True
        self.contexts.save(user_id, None)
        revoked = None
        if context is not None or is_unreadable:
            log.info("logged out: user %s", user_id)
            self.announce.send(logged_out, user_id=user_id)
            revoked = context is not None and revoke(
                context, self.oauth.integration.client_id, self.oauth.connections
            )
        if trouble is not None:
            log.error("a login of user %s that is under way may still end: %s", user_id, trouble)
            threading.Thread(
                target=self._clear_later, args=(user_id,), name="webex_bot_auth-logout", daemon=True
            ).start()
            raise LogoutIncomplete(trouble, revoked) from trouble
        self.tidying.soon(user_id)
        return revoked

    def close(self) -> None:
        """Try no longer to end what could not be reached."""
        self._closed.set()

    def _clear_later(self, user_id: str) -> None:
        """End what was under way when the user logged out, and nothing that was begun after that."""
        logged_out_at, wait = time.monotonic(), 1.0
        while time.monotonic() < logged_out_at + CLEAR_SECONDS and not self._closed.wait(wait):
            wait = min(MAX_WAIT, wait * 2)
            try:
                now = self.desks.read(user_id).now
                moment = now - (time.monotonic() - logged_out_at)
                self.desks.change(user_id, partial(desk.log_out, before=moment))
            except StoreError:
                continue
            self.tidying.soon(user_id)
            return
