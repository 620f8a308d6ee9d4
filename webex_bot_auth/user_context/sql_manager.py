"""SQLTokenManager: a database. For a bot and redirects in several processes, on several machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wxc_sdk.integration import Integration

from ..errors import SettingError
from ..models import reference
from ..stores import FlowStore, UserStore
from .stored_manager import StoredTokenManager

if TYPE_CHECKING:
    from sqlalchemy import Engine


class SQLTokenManager(StoredTokenManager):
    """Token manager using a SQL database as backend, through SQLAlchemy 2 (extra ``sql``).

    Makes its tables where they are missing.

    Args:
        bot_token: bot access token
        integration: OAuth integration; used to call the endpoints that give and refresh tokens
        url: SQLAlchemy's, of PostgreSQL, MySQL, MariaDB or a file of SQLite, such as
            ``postgresql+psycopg://user:password@host/database``
        engine: instead of ``url``: a :class:`sqlalchemy.Engine` of yours, which you dispose of
        table_prefix: what the names of the tables begin with
        options: see :class:`~webex_bot_auth.user_context.TokenManager`

    Attributes:
        engine: SQLAlchemy's engine

    Raises:
        SettingError: a setting or a package is missing, or a setting is malformed. Nothing connects before
            it is used
    """

    def __init__(
        self,
        bot_token: str,
        integration: Integration,
        url: str | None = None,
        *,
        engine: Engine | None = None,
        table_prefix: str = "webex_bot_auth_",
        **options: Any,
    ) -> None:
        try:
            from ..stores import sql  # SQLAlchemy takes time to import, and others do not need it
        except ImportError as error:
            raise SettingError("SQLTokenManager", 'needs `pip install "webex-bot-auth[sql]"`') from error
        if (url is None) == (engine is None):
            raise SettingError("url", "is needed, or engine, and not both")
        self._sql, self._table_prefix, self._owns_engine = sql, table_prefix, engine is None
        self.engine: Engine = engine or sql.connect(url or "")
        users = sql.SQLUserStore(sql.Database(self.engine, table_prefix))
        super().__init__(bot_token, integration, users=users, **options)

    def _make_stores(self) -> tuple[UserStore, FlowStore]:
        database = self._sql.Database(self.engine, self._table_prefix)
        return self._sql.SQLUserStore(database), self._sql.SQLFlowStore(database, reference(self._bot_token))

    def rebuild(self) -> None:
        """See :meth:`TokenManager.rebuild`. Connections are left to the parent process, open."""
        self.engine.dispose(close=False)
        super().rebuild()

    def _close(self) -> None:
        super()._close()
        if self._owns_engine:
            self.engine.dispose()
