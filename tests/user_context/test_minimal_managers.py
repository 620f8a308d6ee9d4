"""A token manager with the three methods of the specification alone: its own logins and its own store."""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable
from typing import Any

import pytest
from support.whoami import Whoami
from wxc_sdk.integration import Integration

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.sandbox import Person
from webex_bot_auth.testing import WebexSandbox
from webex_bot_auth.testing.sample_contexts import context


class OwnManager(TokenManager):
    """Keeps contexts in a dictionary, and names logins in its own way."""

    def __init__(self, *args: Any, new_id: Callable[[], str] = secrets.token_hex, **options: Any) -> None:
        super().__init__(*args, **options)
        self._new_id = new_id
        self.flows: dict[str, str] = {}
        self.stored: dict[str, UserContext | None] = {}

    def start_flow(self, *, user_id: str) -> str:
        flow_id = self._new_id()
        self.flows[flow_id] = user_id
        return flow_id

    def process_redirect(self, *, flow_id: str, code: str) -> str:
        user_id = self.flows.pop(flow_id)
        tokens = self.integration.tokens_from_code(code=code)
        self.set_user_context(user_id=user_id, user_context=UserContext(user_id=user_id, tokens=tokens))
        return "You are logged in."

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        return self.stored.get(user_id)

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        self.stored[user_id] = user_context


IDS: dict[str, Callable[[], str]] = {
    "hex": lambda: secrets.token_hex(16),
    "as long as ours": lambda: secrets.token_urlsafe(22),
    "short": lambda: secrets.token_hex(4),
    "long, with points": lambda: f"{secrets.token_hex(40)}.{secrets.token_hex(4)}",
}


@pytest.mark.parametrize("new_id", IDS.values(), ids=IDS.keys())
def test_the_command_runs_after_the_login_whatever_the_ids_of_logins_are_like(
    cloud: WebexSandbox, alice: Person, new_id: Callable[[], str]
) -> None:
    bot = cloud.run(Whoami, manager=functools.partial(OwnManager, new_id=new_id))
    asked = bot.hears(alice, "whoami")
    assert bot.press_login(bot.login_card(alice), alice).status_code == 200
    bot.answer_to(asked, "You are Alice Adams")


def test_a_logout_while_new_tokens_are_stored_is_not_undone(integration: Integration) -> None:
    old, new = context("alice", "old"), context("alice", "new")
    logout = threading.Thread(target=lambda: manager.contexts.save("alice", None))

    class LogsOutMeanwhile(OwnManager):
        def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
            if user_context == new:
                logout.start()
                logout.join(0.2)  # it has to wait; without that, it would be done by now
            super().set_user_context(user_id=user_id, user_context=user_context)

    manager = LogsOutMeanwhile("token", integration)
    manager.set_user_context(user_id="alice", user_context=old)
    assert manager.contexts.replace(old, new)
    logout.join()
    assert manager.get_user_context(user_id="alice") is None
    manager.close()
