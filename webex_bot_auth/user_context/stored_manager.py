"""StoredTokenManager: a token manager over any store of text."""

from __future__ import annotations

from typing import Any

from wxc_sdk.integration import Integration

from ..models import RedirectText, UserContext
from ..stores import FlowStore, UserStore
from ..stores.memory import MemoryFlowStore
from .manager import TokenManager


class StoredTokenManager(TokenManager):
    """A token manager over a store: this package's own logins, and somebody's own place for the tokens.

    Args:
        bot_token: bot access token
        integration: OAuth integration
        users: where users' records are kept
        flows: where pending logins are kept; without it, in the memory of this process, which then has to run
            both the bot and the redirect
        options: see :class:`TokenManager`

    Raises:
        SettingError: a setting is missing or malformed
    """

    def __init__(
        self,
        bot_token: str,
        integration: Integration,
        *,
        users: UserStore,
        flows: FlowStore | None = None,
        **options: Any,
    ) -> None:
        self._users = users
        self._pending: FlowStore | None = flows
        super().__init__(bot_token, integration, **options)

    def _make_stores(self) -> tuple[UserStore, FlowStore]:
        return self._users, self._pending or MemoryFlowStore()

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """Get the user context as the store has it now.

        Args:
            user_id: id of the user to get the context for

        Raises:
            StoreError: the store cannot be reached, or the record cannot be read
        """
        return self.contexts.load(user_id)

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Store a user context, or delete it.

        Args:
            user_id: id of the user to store the context for
            user_context: context to store; if None then clear the context for this user

        Raises:
            StoreError: nothing was changed
        """
        self.contexts.save(user_id, user_context)

    def start_flow(self, *, user_id: str) -> str:
        """Register an OAuth flow for a user; without PKCE, as the caller builds the address.

        Args:
            user_id: id of the user to start the flow for

        Returns:
            flow id: the ``state`` parameter of the flow; 128 random bits (RFC 6749 section 10.10)

        Raises:
            StoreError: the flow could not be stored
        """
        return self.asking.start(user_id)

    def process_redirect(self, *, flow_id: str, code: str) -> RedirectText:
        """Process the redirect at the end of an OAuth flow. New tokens are stored in the user context.

        Args:
            flow_id: OAuth flow id
            code: code obtained from the final URL in the OAuth flow

        Returns:
            text for the HTTP response; its ``outcome`` says how the login ended
        """
        return self.ending.finish(flow_id, code=code)

    def finish_login(self, *, flow_id: str, code: str = "", error: str = "") -> RedirectText:
        """End a login that comes back; see :meth:`TokenManager.finish_login`."""
        return self.ending.finish(flow_id, code=code, error=error)
