"""What the guard, the account commands and the page ask of a token manager. They know nothing else of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from wxc_sdk import WebexSimpleApi
from wxc_sdk.integration import Integration

from .chat.messages import Chat, Why
from .logins.desk import WaitingCommand
from .models import UserContext
from .webex.connections import Connections


class LoginService(Protocol):
    """See :class:`webex_bot_auth.user_context.TokenManager`, which is one.

    Attributes:
        integration: what people log in to
        chat: what they are told
        connections: open connections to Webex
    """

    @property
    def integration(self) -> Integration: ...

    @property
    def chat(self) -> Chat: ...

    @property
    def connections(self) -> Connections: ...

    def get_user_context_and_refresh(self, *, user_id: str) -> UserContext | None:
        """Return the context, with an access token that is usable now; None where a login is needed."""

    def api_of(self, context: UserContext) -> WebexSimpleApi:
        """Return Webex's API with these tokens; after a 401 they are renewed in place, where possible."""

    def needs_login(self, context: UserContext) -> bool:
        """Tell, after Webex has answered 401 to these tokens, whether a new login is needed.

        Raises:
            TokenServiceError: that cannot be told at the moment
            StoreError: that cannot be told at the moment
        """

    def ask_to_log_in(
        self, user_id: str, scopes: Iterable[str], why: Why | None, command: WaitingCommand | None = None
    ) -> bool:
        """Send a login card; the command runs after the login. False: the person has had enough of them."""

    def runs_commands_after_logins(self) -> bool:
        """Tell whether a bot of this process runs commands after a login."""

    def finish_login(self, *, flow_id: str, code: str = "", error: str = "") -> str:
        """End a login that comes back with a code or an error; return the text for the page."""

    def logout(self, *, user_id: str) -> bool | None:
        """Delete a user's tokens; tell whether Webex revoked them. None: the user was not logged in."""
