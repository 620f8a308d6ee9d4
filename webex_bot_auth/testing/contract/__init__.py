"""What every store and every token manager has to hold, as tests for you to inherit.

For a store of your own, in a test file of yours (``pip install webex-bot-auth[testing]``)::

    from webex_bot_auth.testing.contract import UserStoreContract


    class TestMyUserStore(UserStoreContract):
        @pytest.fixture
        def make_store(self, tmp_path):
            return functools.partial(MyUserStore, tmp_path / "tokens.db")

``make_store`` is called without arguments. Called again in the same test, it returns another store over the
**same** place, as another process would have it; the place is empty when a test begins. Each method is called
from many threads, and every store is closed at the end. :class:`FlowStoreContract` is the same for pending
logins.

:class:`TokenManagerContract` runs whole logins, with the real clients in a sandbox. Its fixture
``make_manager`` gives a callable that takes a bot token, an integration and options of ``TokenManager``, such
as ``lambda *made, **options: StoredTokenManager(*made, users=MyUserStore(path), **options)``. With
``params=`` on the fixture the contract runs over several kinds of it, such as with and without
``encryption_keys``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from wxc_sdk.integration import Integration

from ...user_context import StoredTokenManager
from ..webex_sandbox import WebexSandbox
from .contexts import ContextsContract
from .flow_stores import FlowStoreContract
from .logins import LoginsContract
from .resuming import ResumingContract
from .user_stores import UserStoreContract

__all__ = ["FlowStoreContract", "TokenManagerContract", "UserStoreContract"]

SCOPES = ("spark:people_read", "spark:rooms_read", "spark:messages_read")


class TokenManagerContract(ContextsContract, LoginsContract, ResumingContract):
    """Tests for a class of yours to inherit; its name has to begin with ``Test``."""

    @pytest.fixture
    def make_manager(self) -> Callable[..., StoredTokenManager]:
        """Makes a manager over one store, from a bot token, an integration and options: yours to bring."""
        raise NotImplementedError(f"{type(self).__name__} has to bring a fixture make_manager")

    @pytest.fixture
    def integration(self, webex_sandbox: WebexSandbox) -> Integration:
        """Return where the contract's logins take place."""
        return webex_sandbox.integration(scopes=SCOPES)

    @pytest.fixture
    def new_manager(
        self,
        make_manager: Callable[..., StoredTokenManager],
        webex_sandbox: WebexSandbox,
        integration: Integration,
    ) -> Iterator[Callable[..., StoredTokenManager]]:
        """Makes one more manager over the store, from options alone; it is closed when the test ends."""
        token = webex_sandbox.add_bot("Test Bot").token
        with ExitStack() as managers:

            def new(**options: object) -> StoredTokenManager:
                manager = make_manager(token, integration, **options)
                managers.callback(manager.close)
                return manager

            yield new

    @pytest.fixture
    def manager(self, new_manager: Callable[..., StoredTokenManager]) -> StoredTokenManager:
        """One manager, for a test that needs no other."""
        return new_manager()

    def test_closing_twice_is_fine(self, new_manager: Callable[..., StoredTokenManager]) -> None:
        manager = new_manager()
        with manager as same:
            assert same is manager
        manager.close()
