"""What a login interrupts, and which events were there before."""

from __future__ import annotations

from ...user_context import TokenManager
from ...user_context.models import InterruptedCommand
from ..redirects import log_in
from ..webex_sandbox import WebexSandbox


class ResumingContract:
    """Part of :class:`webex_bot_auth.testing.contract.BackendContract`."""

    def test_it_is_released_once_by_the_login(
        self, manager: TokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice = webex_sandbox.add_person("Alice Adams")
        command = interrupted(alice.id)
        manager.request_login(user_id=alice.id, interrupted=command)
        assert manager.next_released(timeout=0.01) is None
        log_in(webex_sandbox, manager, alice)
        assert manager.next_released(timeout=1) == command
        assert manager.next_released(timeout=0.01) is None
        log_in(webex_sandbox, manager, alice)
        assert manager.next_released(timeout=0.01) is None

    def test_the_latest_one_of_each_user_counts(
        self, manager: TokenManager, webex_sandbox: WebexSandbox
    ) -> None:
        alice, bob = webex_sandbox.add_person("Alice Adams"), webex_sandbox.add_person("Bob Brown")
        for user, words in ((alice, "first"), (bob, "his"), (alice, "second")):
            manager.request_login(user_id=user.id, interrupted=interrupted(user.id, words))
        log_in(webex_sandbox, manager, alice)
        released = manager.next_released(timeout=1)
        assert released
        assert released.words == "second"
        assert manager.next_released(timeout=0.01) is None

    def test_an_event_is_new_once(self, manager: TokenManager) -> None:
        new = [manager.first_time(event) for event in ("a", "b", "a", "b", "c")]
        assert new == [True, True, False, False, True]


def interrupted(user_id: str, words: str = "echo") -> InterruptedCommand:
    """A command of theirs that a login holds up."""
    activity = {"id": "a", "deep": {"x": ["é", None]}}
    return InterruptedCommand(user_id=user_id, kind="message", id="m", words=words, activity=activity)
