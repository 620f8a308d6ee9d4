"""Commands that wait for a login, and events that were handled before."""

from __future__ import annotations

from ...logins.pending import MAX_WAITING_COMMANDS
from ...models import WaitingCommand
from ...user_context import StoredTokenManager, TokenManager
from ..redirects import log_in
from ..webex_sandbox import WebexSandbox


class ResumingContract:
    """Part of :class:`webex_bot_auth.testing.contract.TokenManagerContract`."""

    def test_a_waiting_command_is_released_once_by_the_login(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        command = waiting(alice.id)
        manager.login.ask(alice.id, command=command)
        assert manager.pending.next_released(timeout=0.01) == []
        log_in(webex_sandbox, manager, alice)
        assert released(manager) == [command]
        assert manager.pending.next_released(timeout=0.01) == []
        log_in(webex_sandbox, manager, alice)
        assert manager.pending.next_released(timeout=0.01) == []

    def test_each_users_commands_are_released_together_in_their_order(
        self, manager: StoredTokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
        for user, name in ((alice, "first"), (bob, "his"), (alice, "second")):
            manager.login.ask(user.id, command=waiting(user.id, name))
        log_in(webex_sandbox, manager, alice)
        names = [command.display_name for command in released(manager)]
        assert names == ["first", "second"]
        assert manager.pending.next_released(timeout=0.01) == []

    def test_a_users_oldest_commands_are_dropped(self, manager: StoredTokenManager) -> None:
        names = [str(number) for number in range(MAX_WAITING_COMMANDS + 2)]
        dropped = [manager.pending.add_command(waiting("alice", name)) for name in names]
        assert [[one.display_name for one in each] for each in dropped[-3:]] == [[], ["0"], ["1"]]
        assert [one.display_name for one in manager.pending.take_all("alice").commands] == names[2:]

    def test_an_event_is_new_once(self, manager: StoredTokenManager) -> None:
        new = [manager.pending.claim_event(event) for event in ("a", "b", "a", "b", "c")]
        assert new == [True, True, False, False, True]


def waiting(user_id: str, display_name: str = "echo") -> WaitingCommand:
    """A command of this user that waits for the login."""
    activity = {"id": "a", "deep": {"x": ["é", None]}}
    return WaitingCommand(
        user_id=user_id, kind="message", id=f"m-{display_name}", display_name=display_name, activity=activity
    )


def released(manager: TokenManager) -> list[WaitingCommand]:
    """The commands that a login has released: in the background, after it has told its author at Webex."""
    looks = (manager.pending.next_released(timeout=1) for _ in range(30))
    return next(filter(None, looks), [])
