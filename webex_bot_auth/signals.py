"""Events that a bot author can listen to, with `blinker <https://blinker.readthedocs.io>`_::

    from webex_bot_auth.signals import logged_in

    @logged_in.connect_via(token_manager)
    def greet(manager, *, user_id):
        ...

The sender is the token manager; every signal comes with ``user_id``, those of failures with ``error``, too.
Handlers run in the thread where it happened; what they raise is logged, and changes nothing.
"""

from __future__ import annotations

import logging
from typing import Any

from blinker import NamedSignal, Namespace

log = logging.getLogger(__name__)

_signals = Namespace()

logged_in = _signals.signal("logged-in", doc="A login is done and stored.")
logged_out = _signals.signal("logged-out", doc="A user has logged out; the tokens are deleted.")
login_refused = _signals.signal("login-refused", doc="The user, or Webex, did not give the permission.")
login_failed = _signals.signal("login-failed", doc="A login failed for another reason: ``error``.")
refreshed = _signals.signal("refreshed", doc="An access token was refreshed and stored.")
login_asked = _signals.signal("login-asked", doc="A login card was sent.")
login_card_not_sent = _signals.signal(
    "login-card-not-sent", doc="Webex did not take a login card: ``error``."
)
answer_not_posted = _signals.signal(
    "answer-not-posted",
    doc="A command's answer was not posted, or a command without a guard failed: ``error``.",
)
refresh_failed = _signals.signal(
    "refresh-failed", doc="A refresh failed and is tried again; nothing is lost: ``error``."
)
refresh_refused = _signals.signal(
    "refresh-refused", doc="The refresh token is bad or revoked: the user has to log in again."
)


class Announcer:
    """Sends signals in the name of one token manager.

    Args:
        sender: the token manager
    """

    def __init__(self, sender: Any) -> None:
        self._sender = sender

    def send(self, signal: NamedSignal, **facts: Any) -> None:
        """Call all handlers of a signal, whatever one of them raises."""
        for handler in signal.receivers_for(self._sender):
            try:
                handler(self._sender, **facts)
            except Exception:  # the bot author's code, which must not undo a login
                log.exception("handler of %s failed", signal.name)
