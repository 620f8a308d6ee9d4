"""What the guard and the page ask of a token manager. They know this, and not the manager itself."""

from __future__ import annotations

from typing import Protocol

from wxc_sdk.integration import Integration

from .chat.messages import Chat
from .logins.login import Login
from .logins.pending import Pending
from .models import UserContext
from .webex.connections import Connections


class LoginService(Protocol):
    """See :class:`webex_bot_auth.user_context.TokenManager`, which is one.

    Attributes:
        integration: what people log in to
        chat: what they are told
        login: asks them to log in
        pending: their waiting commands, and the events that were handled
        connections: open connections to Webex
    """

    integration: Integration
    chat: Chat
    login: Login
    pending: Pending
    connections: Connections

    def get_user_context_and_refresh(self, *, user_id: str) -> UserContext | None:
        """The context, with an access token that is usable now; None where a login is needed."""

    def finish_login(self, *, flow_id: str, code: str = "", error: str = "") -> str:
        """End a login that comes back with a code or an error; the text for the page."""

    def token_refused(self, context: UserContext) -> bool:
        """Webex answers 401 to this access token; whether a new login is needed."""

    def logout(self, *, user_id: str) -> bool | None:
        """Delete a user's tokens; whether Webex revoked them, None: the user was not logged in."""
