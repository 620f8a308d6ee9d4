"""A token manager that implements only what the specification asks of a subclass."""

from __future__ import annotations

from webex_bot_auth import TokenManager, UserContext


class MinimalTokenManager(TokenManager):
    """Three methods, and no store."""

    def start_flow(self, *, user_id: str) -> str:
        return "the-flow"

    def process_redirect(self, *, flow_id: str, code: str) -> str:
        if code == "fail":
            raise RuntimeError("the-secret")
        return f"Welcome <b>{flow_id}</b>, thanks for {code}"

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        return None
