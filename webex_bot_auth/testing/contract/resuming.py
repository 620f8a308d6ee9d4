"""Commands that wait for a login: on the person's desk until they begin, whichever manager looks."""

from __future__ import annotations

from collections.abc import Callable

from ...logins.desk import MAX_WAITING_COMMANDS, WaitingCommand, begin_next
from ...user_context import StoredTokenManager, TokenManager
from ..redirects import log_in
from ..webex_sandbox import WebexSandbox

NewManager = Callable[..., StoredTokenManager]


class ResumingContract:
    """Part of :class:`webex_bot_auth.testing.contract.TokenManagerContract`."""

    def test_a_waiting_command_is_released_by_the_login(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        manager.asking.ask(alice.id, command=waiting(alice.id))
        assert released(manager, alice.id) == []
        log_in(webex_sandbox, manager, alice)
        assert released(manager, alice.id) == ["echo"]
        assert manager.desks.read(alice.id).desk.waiting == ()
        log_in(webex_sandbox, manager, alice)
        assert released(manager, alice.id) == ["echo"]

    def test_a_login_releases_the_commands_of_its_user_alone_in_their_order(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
        for user, name in ((alice, "first"), (bob, "his"), (alice, "second")):
            manager.asking.ask(user.id, command=waiting(user.id, name))
        log_in(webex_sandbox, manager, alice)
        assert released(manager, alice.id) == ["first", "second"]
        assert released(manager, bob.id) == []

    def test_each_command_begins_once(self, manager: StoredTokenManager, webex_sandbox: WebexSandbox) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        for name in ("first", "second"):
            manager.asking.ask(alice.id, command=waiting(alice.id, name))
        log_in(webex_sandbox, manager, alice)
        begun = [manager.desks.change(alice.id, begin_next) for _ in range(3)]
        assert [command and command.display_name for command in begun] == ["first", "second", None]
        assert begun[0]
        assert begun[0].activity == waiting(alice.id).activity

    def test_a_users_oldest_commands_are_dropped(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        names = [str(number) for number in range(MAX_WAITING_COMMANDS + 2)]
        for name in names:
            manager.asking.ask(alice.id, command=waiting(alice.id, name))
        desk = manager.desks.read(alice.id).desk
        assert [command.display_name for command in desk.waiting] == names[2:]


def waiting(user_id: str, display_name: str = "echo") -> WaitingCommand:
    """Return a command of this user that waits for the login."""
    activity = {"id": "a", "deep": {"x": ["é", None]}}
    return WaitingCommand(
        user_id=user_id, kind="message", id=f"m-{display_name}", display_name=display_name, activity=activity
    )


def released(manager: TokenManager, user_id: str) -> list[str]:
    """Return the names of the commands that a login has released and that have not begun."""
    return [command.display_name for command in manager.desks.read(user_id).desk.released]
