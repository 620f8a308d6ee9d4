"""Contexts of a person who has logged in: stored, replaced, refreshed."""

from __future__ import annotations

import pytest

from webex_bot_auth import TokenManager, UserContext
from webex_bot_auth.sandbox import Person, Sandbox
from webex_bot_auth.testing.redirects import log_in

from .waiting import wait_until


@pytest.fixture
def logged_in(cloud: Sandbox, manager: TokenManager, alice: Person) -> UserContext:
    """The context of Alice, who has logged in."""
    log_in(cloud, manager, alice)
    return stored(manager, alice)


def stored(manager: TokenManager, person: Person) -> UserContext:
    """A person's context as it is stored."""
    context = manager.get_user_context(user_id=person.id)
    assert context
    return context


def put(manager: TokenManager, context: UserContext) -> UserContext:
    """Store a context, and return it."""
    manager.set_user_context(user_id=context.user_id, user_context=context)
    return context


def usable(manager: TokenManager, person: Person) -> UserContext:
    """A person's context, refreshed if that is needed."""
    context = manager.get_user_context_and_refresh(user_id=person.id)
    assert context
    return context


def wait_for_refresh(manager: TokenManager) -> None:
    """Wait until refreshes in the background have ended."""
    wait_until(lambda: not manager.refresher.in_background, "refreshes have ended")
