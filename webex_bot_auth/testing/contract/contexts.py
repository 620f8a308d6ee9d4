"""Contexts: what is stored is read, by everybody, for any user id, and lost by nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ...user_context import StoredTokenManager
from ..sample_contexts import context
from .user_ids import ALIKE, DIFFICULT

NewManager = Callable[..., StoredTokenManager]


class ContextsContract:
    """Part of :class:`webex_bot_auth.testing.contract.TokenManagerContract`."""

    def test_what_is_stored_is_read_here_and_by_others(self, new_manager: NewManager) -> None:
        one, other = new_manager(), new_manager()
        assert other.get_user_context(user_id="alice") is None
        stored = context("alice", scope="spark:people_read")
        one.set_user_context(user_id="alice", user_context=stored)
        for manager in (one, other, new_manager()):
            assert manager.get_user_context(user_id="alice") == stored
            assert manager.get_user_context(user_id="bob") is None

    def test_none_clears_one_user_and_no_other(self, new_manager: NewManager) -> None:
        one, other = new_manager(), new_manager()
        for user_id in ("alice", "bob"):
            one.set_user_context(user_id=user_id, user_context=context(user_id))
        other.set_user_context(user_id="alice", user_context=None)
        assert one.get_user_context(user_id="alice") is None
        assert one.get_user_context(user_id="bob") == context("bob")
        one.set_user_context(user_id="nobody", user_context=None)

    def test_one_users_context_is_not_stored_as_anothers(self, manager: StoredTokenManager) -> None:
        with pytest.raises(ValueError, match="another user_id"):
            manager.set_user_context(user_id="alice", user_context=context("bob"))
        assert manager.get_user_context(user_id="alice") is None

    def test_what_is_read_is_the_readers_own(self, manager: StoredTokenManager) -> None:
        manager.set_user_context(user_id="alice", user_context=context("alice"))
        read = manager.get_user_context(user_id="alice")
        assert read
        read.tokens.access_token = "changed"
        assert manager.get_user_context(user_id="alice") == context("alice")

    @pytest.mark.holds(35)
    def test_user_ids_survive_a_round_trip(self, new_manager: NewManager) -> None:
        one, other = new_manager(), new_manager()

        def round_trip(user_id: str) -> None:
            one.set_user_context(user_id=user_id, user_context=context(user_id))
            assert other.get_user_context(user_id=user_id) == context(user_id)
            other.set_user_context(user_id=user_id, user_context=None)
            assert one.get_user_context(user_id=user_id) is None

        _for_any_text(round_trip)

    @pytest.mark.holds(35)
    def test_difficult_user_ids_survive_a_round_trip(self, new_manager: NewManager) -> None:
        one, other = new_manager(), new_manager()
        for user_id in [*DIFFICULT, *ALIKE]:
            one.set_user_context(user_id=user_id, user_context=context(user_id))
        for user_id in [*DIFFICULT, *ALIKE]:
            assert other.get_user_context(user_id=user_id) == context(user_id)

    def test_replace_stores_only_where_the_tokens_are_still_the_old_ones(
        self, new_manager: NewManager
    ) -> None:
        manager, other = new_manager(), new_manager()
        old, new = context("alice", "old"), context("alice", "new")
        assert not manager.contexts.replace(old, new)
        manager.set_user_context(user_id="alice", user_context=old)
        assert manager.contexts.replace(old, new)
        assert other.get_user_context(user_id="alice") == new
        assert not other.contexts.replace(old, None)
        assert other.contexts.replace(new, None)
        assert manager.get_user_context(user_id="alice") is None

    def test_of_many_who_replace_at_once_one_does(self, new_manager: NewManager) -> None:
        managers = [new_manager() for _ in range(4)]
        old = context("alice", "old")
        managers[0].set_user_context(user_id="alice", user_context=old)
        start = threading.Barrier(20)

        def replace(number: int) -> bool:
            start.wait()
            return managers[number % 4].contexts.replace(old, context("alice", f"new {number}"))

        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(replace, range(20)))
        assert done.count(True) == 1
        assert managers[0].get_user_context(user_id="alice") == context("alice", f"new {done.index(True)}")

    def test_writers_at_the_same_time_lose_nobody(self, new_manager: NewManager) -> None:
        managers = [new_manager() for _ in range(3)]

        def store(number: int) -> None:
            user_id = f"user {number}"
            managers[number % 3].set_user_context(user_id=user_id, user_context=context(user_id))

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(store, range(60)))
        for number in range(60):
            assert managers[0].get_user_context(user_id=f"user {number}") == context(f"user {number}")
        assert set(managers[1].contexts.users()) == {f"user {number}" for number in range(60)}


def _for_any_text(holds: Callable[[str], None]) -> None:
    """Try many texts; the rest of the contract does without hypothesis."""
    try:
        import hypothesis
        from hypothesis import strategies
    except ImportError:
        pytest.fail("the contract needs hypothesis: pip install webex-bot-auth[testing]", pytrace=False)
    texts = strategies.text(strategies.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
    settings = hypothesis.settings(max_examples=60, deadline=None, database=None)

    @settings
    @hypothesis.given(texts)
    def try_text(text: Any) -> None:
        holds(text)

    try_text()
