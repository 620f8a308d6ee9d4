"""Logins of a token manager that brings only the specification's three methods."""

from __future__ import annotations

from typing import Protocol

from ..models import FlowState, Outcome
from ..service import LoginService
from ..webex.oauth import WebexOAuth


class StartsAndEndsLogins(LoginService, Protocol):
    """A token manager that starts and ends logins itself, in its own way."""

    def start_flow(self, *, user_id: str) -> str: ...

    def process_redirect(self, *, flow_id: str, code: str) -> str: ...


def start(manager: StartsAndEndsLogins, oauth: WebexOAuth, user_id: str) -> str:
    """Start a flow in the manager's own way; the address, without PKCE."""
    flow_id = manager.start_flow(user_id=user_id)
    manager.pending.keep(flow_id, FlowState(user_id=user_id))  # for finish
    return oauth.authorization_url(state=flow_id)


def finish(manager: StartsAndEndsLogins, *, flow_id: str, code: str, error: str) -> str:
    """End a flow in the manager's own way, and let the waiting commands run; the text for the page."""
    if error:
        return manager.chat.page(Outcome.REFUSED if error == "access_denied" else Outcome.TRY_AGAIN)
    text = manager.process_redirect(flow_id=flow_id, code=code)
    if isinstance(flow := manager.pending.take(flow_id), FlowState):
        manager.login.release(flow.user_id)
    return text
