"""What every backend has to hold, as tests: YAML and Redis pass them, and so should yours.

Derive your token manager from :class:`~webex_bot_auth.user_context.stored.StoredTokenManager`, and in a test
file of yours (``pip install webex-bot-auth[testing]``)::

    from webex_bot_auth.testing.contract import BackendContract


    class TestMyTokenManager(BackendContract):
        @pytest.fixture
        def make_manager(self, tmp_path):
            return functools.partial(MyTokenManager, path=tmp_path / "tokens.db")

Bring a fixture ``make_manager``. It gives a callable that is called with a bot token, an integration and
options of ``TokenManager``, which it has to pass on, and that returns a manager:

- Over a store that is empty when a test begins.
- Called again in the same test, it returns another manager over the **same** store, as another process would
  have it, or a later start of the bot: what one stores the others read.

The contract calls each method from many threads, and closes every manager at the end. With ``params=`` on the
fixture the contract runs over several kinds of it, such as with and without ``encryption_keys``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from wxc_sdk.integration import Integration

from ...user_context import TokenManager
from ..webex_sandbox import WebexSandbox
from .contexts import ContextsContract
from .logins import LoginsContract
from .resuming import ResumingContract

__all__ = ["BackendContract"]

SCOPES = ("spark:people_read", "spark:rooms_read", "spark:messages_read")


class BackendContract(ContextsContract, LoginsContract, ResumingContract):
    """Tests for a class of yours to inherit; its name has to begin with ``Test``."""

    @pytest.fixture
    def make_manager(self) -> Callable[..., TokenManager]:
        """Makes a manager over one store, from a bot token, an integration and options: yours to bring."""
        raise NotImplementedError(f"{type(self).__name__} has to bring a fixture make_manager")

    @pytest.fixture
    def integration(self, webex_sandbox: WebexSandbox) -> Integration:
        """Where the contract's logins take place."""
        return webex_sandbox.integration(scopes=SCOPES)

    @pytest.fixture
    def new_manager(
        self, make_manager: Callable[..., TokenManager], webex_sandbox: WebexSandbox, integration: Integration
    ) -> Iterator[Callable[..., TokenManager]]:
        """Makes one more manager over the store, from options alone; it is closed when the test ends."""
        token = webex_sandbox.add_bot("Test Bot").token
        with ExitStack() as managers:
            yield lambda **options: managers.enter_context(make_manager(token, integration, **options))

    @pytest.fixture
    def manager(self, new_manager: Callable[..., TokenManager]) -> TokenManager:
        """One manager, for a test that needs no other."""
        return new_manager()

    def test_closing_twice_is_fine(self, new_manager: Callable[..., TokenManager]) -> None:
        manager = new_manager()
        with manager as same:
            assert same is manager
        manager.close()
