"""Users' records, short-lived texts and agendas in a SQL database: PostgreSQL, MySQL or MariaDB, SQLite.

Names and texts are stored as bytes, and a row is found by the SHA-256 of its name: nothing depends on
collations, and names may have any length. All times are the database's own.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ..errors import SettingError, StoreUnavailable
from ..ground import clock
from .private_file import make_private
from .protocols import Due, Record, Reminder

#: time between two looks for what is due; seconds
LOOK_SECONDS = 0.2
#: between two looks for texts that have expired; seconds
SWEEP_SECONDS = 900.0
#: users whose ids are read in one statement
PAGE = 1_000

#: microseconds since 1970 as a statement begins; a subquery, as PostgreSQL would ask its clock for each row
NOW = {
    "postgresql": "(SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT))",
    # NOW(6) in UTC: where summer ends, an hour of local time comes twice
    "mysql": "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}
_INSERT: dict[str, Any] = {
    "postgresql": postgresql.insert, "mysql": mysql.insert, "sqlite": sqlite.insert
}  # fmt: skip
#: what makes drivers give up in bounded time; seconds, and milliseconds for tcp_user_timeout
_LIBPQ = {"connect_timeout": 3, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}
_MYSQL = {"connect_timeout": 3, "read_timeout": 5, "write_timeout": 5}
_BOUNDED = {"psycopg": _LIBPQ, "psycopg2": _LIBPQ, "pymysql": _MYSQL, "mysqldb": _MYSQL}

_Key = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
_Bytes = sa.LargeBinary(2**24 - 1)  # MySQL's MEDIUMBLOB; others know no length


def connect(url: str | sa.URL) -> sa.Engine:
    """Return an engine. It connects with the first statement.

    Raises:
        SettingError: the URL is malformed, or its driver is not installed; never quotes it, as it may hold a
            password
    """
    problem = "is malformed; e.g. postgresql+psycopg://user:password@host/database, with / in it as %2F"
    try:
        address = sa.make_url(url)
        options = _BOUNDED.get(address.get_driver_name(), {})
        options = {name: value for name, value in options.items() if name not in address.query}
        engine = sa.create_engine(
            address, connect_args=options, poolclass=sa.QueuePool, pool_timeout=10, hide_parameters=True
        )
    except ImportError as error:
        problem = f"needs the driver {error.name}: install it, or name another, as in postgresql+psycopg://"
    except (exc.SQLAlchemyError, ValueError, TypeError, AttributeError):
        pass
    else:
        is_file = address.get_backend_name() == "sqlite"
        if is_file and address.database in (None, "", ":memory:"):
            problem = "names no file: SQLite's memory is not shared by threads"
        elif is_file or "@" not in (address.database or ""):  # else a password with a / that ends the host
            return engine
    raise SettingError("url", problem)


class Database:
    """The tables, which are made where they are missing, and the way to them.

    Args:
        engine: SQLAlchemy's
        table_prefix: what the names of the tables begin with

    Attributes:
        dialect: postgresql, mysql (and MariaDB) or sqlite
        now: the database's clock, in microseconds
        users: a record for each user
        texts: short-lived texts
        agendas: items, and when they are due

    Raises:
        SettingError: the engine or the prefix cannot be used
    """

    def __init__(self, engine: sa.Engine, table_prefix: str) -> None:
        if not isinstance(engine, sa.Engine) or engine.dialect.is_async:
            raise SettingError("engine", "has to be an Engine of SQLAlchemy, and no asynchronous one")
        if not isinstance(table_prefix, str) or not re.fullmatch(r"([A-Za-z_]\w{0,39})?", table_prefix, re.A):
            raise SettingError("table_prefix", "may have 40 letters, digits and underscores")
        self.dialect = engine.dialect.name.replace("mariadb", "mysql")
        if self.dialect not in NOW:
            raise SettingError("url", f"{self.dialect} is none of PostgreSQL, MySQL, MariaDB and SQLite")
        level = "SERIALIZABLE" if self.dialect == "sqlite" else "READ COMMITTED"
        self.now: sa.ColumnElement[int] = sa.literal_column(NOW[self.dialect], sa.BigInteger)
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = engine.execution_options(isolation_level=level, preserve_rowcount=True)
        self._making, self._are_made = threading.Lock(), False
        self.metadata = sa.MetaData()
        self.users = self._table(f"{table_prefix}users", {"name": _Bytes, "record": _Bytes})
        self.texts = self._table(f"{table_prefix}texts", {"record": _Bytes, "expires": sa.BigInteger})
        moments = {"due": sa.BigInteger, "token": sa.BigInteger}
        self.agendas = self._table(f"{table_prefix}agendas", {"agenda": _Key, "item": _Bytes, **moments})
        sa.Index(f"{table_prefix}expires", self.texts.c.expires)
        sa.Index(f"{table_prefix}due", self.agendas.c.agenda, self.agendas.c.due)

    def _table(self, name: str, columns: dict[str, Any]) -> sa.Table:
        made = [sa.Column(column, kind, nullable=False) for column, kind in columns.items()]
        key = sa.Column("id", _Key, primary_key=True)
        return sa.Table(name, self.metadata, key, *made, mysql_engine="InnoDB", mariadb_engine="InnoDB")

    def __str__(self) -> str:
        url, kind = self._engine.url, self._engine.url.get_backend_name()
        hosts = {name: hosts for name, hosts in url.query.items() if name == "host"}  # or a socket's folder
        return str(sa.URL.create(kind, host=url.host, port=url.port, database=url.database, query=hosts))

    def read(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Return the rows of a statement that changes nothing."""
        return self._run(self._reading, [statement], parameters)

    def change(self, *statements: Any) -> bool:
        """Execute statements in one transaction, all or none.

        Returns:
            False: nothing was changed, as the first one found no row, or the row that it adds is there
        """
        return bool(self._run(self._writing, statements))

    def _run(self, engine: sa.Engine, statements: Sequence[Any], parameters: Any = None) -> Sequence[Any]:
        """Execute statements; once more where the connection turns out to be closed before all are done.

        Raises:
            StoreUnavailable: the database cannot be reached, or refuses them
        """
        may_retry = True
        while True:
            try:
                self._make_tables()
                with engine.connect() as connection:
                    found = connection.execute(statements[0], parameters)
                    rows = found.all() if found.returns_rows else range(found.rowcount)
                    if rows and not found.returns_rows:
                        for statement in statements[1:]:
                            connection.execute(statement)
                        may_retry = False  # it may be done although no answer comes
                        connection.commit()
                    return rows
            except exc.IntegrityError:
                return []
            except exc.SQLAlchemyError as error:
                self._are_made = False  # perhaps they are not there any more
                if not may_retry or not getattr(error, "connection_invalidated", False):
                    # from the driver's own: SQLAlchemy's shows what was sent, which are tokens
                    cause = getattr(error, "orig", None) or error
                    reason = str(cause).strip().partition("\n")[0] or type(cause).__name__
                    raise StoreUnavailable(str(self), f"the database cannot be used ({reason})") from cause
                may_retry = False

    def _make_tables(self) -> None:
        with self._making:
            if self._are_made:
                return
            if self.dialect == "sqlite" and (path := self._engine.url.database):
                with suppress(OSError):  # the first statement tells
                    make_private(path, beside=os.path.abspath(path))
            with self._reading.connect() as connection:
                for tries in range(10):  # others may make one of them at the same moment, each time
                    try:
                        self.metadata.create_all(connection)
                        break
                    except exc.DBAPIError:
                        if tries == 9:
                            raise
                        connection.rollback()
            self._are_made = True


class SQLUserStore:
    """See :class:`~webex_bot_auth.stores.UserStore`. Each read and each swap is one statement."""

    def __init__(self, database: Database) -> None:
        self._database, self._table = database, database.users
        columns = self._table.c  # made once, as this is on the hot path
        self._read = sa.select(columns.record).where(columns.id == sa.bindparam("key"))

    def __str__(self) -> str:
        return f"{self._database}, table {self._table}"

    def read(self, user_id: str) -> Record | None:
        found = self._database.read(self._read, {"key": _key(user_id)})
        return bytes(found[0].record) if found else None

    def swap(self, user_id: str, old: Record | None, new: str | None) -> bool:
        table, record = self._table, {"record": _encoded(new or "")}
        if old is None and new is None:
            return self.read(user_id) is None
        if old is None:
            row = {"id": _key(user_id), "name": _encoded(user_id), **record}
            return self._database.change(sa.insert(table).values(row))
        is_old = (table.c.id == _key(user_id)) & (table.c.record == _encoded(old))
        change = sa.delete(table) if new is None else sa.update(table).values(record)
        return self._database.change(change.where(is_old))

    def users(self) -> Iterator[str]:
        """Return the ids of the users who have a record, read a page at a time."""
        columns, last = self._table.c, b""
        page = sa.select(columns.id, columns.name).order_by(columns.id).limit(PAGE)
        while found := self._database.read(page.where(columns.id > last)):
            yield from (_decoded(row.name) for row in found)
            last = bytes(found[-1].id)

    def close(self) -> None:
        """The engine's owner closes it."""


class SQLFlowStore:
    """See :class:`~webex_bot_auth.stores.FlowStore`.

    Args:
        database: where
        bot: names the bot in all keys but those that all bots share
    """

    def __init__(self, database: Database, bot: str) -> None:
        self._database, self._bot = database, bot
        self._texts, self._agendas = database.texts, database.agendas
        self._closed = threading.Event()
        self._swept = -SWEEP_SECONDS

    def __str__(self) -> str:
        return f"{self._database}, table {self._texts}"

    def _full(self, key: str) -> bytes:
        return _key(key if key.startswith(("flow-", "refresh-")) else f"bot-{self._bot}-{key}")

    def read(self, key: str) -> tuple[Record | None, float]:
        columns, now = self._texts.c, self._database.now
        text = sa.select(columns.record).where(columns.id == self._full(key), columns.expires > now)
        ((found, moment),) = self._database.read(sa.select(text.scalar_subquery(), now))
        return None if found is None else bytes(found), moment / 1_000_000

    def swap(
        self, key: str, old: Record | None, new: str | None, seconds: float = 0.0, *,
        remind: Collection[Reminder] = (),
    ) -> bool:  # fmt: skip
        table, columns, change = self._texts, self._texts.c, self._database.change
        reminders = [self._reminder(*one) for one in sorted(remind)]  # in one order: nobody waits in a circle
        values = {"record": _encoded(new or ""), "expires": self._from_now(seconds)}
        is_this = columns.id == self._full(key)
        if old is not None:
            swap = sa.delete(table) if new is None else sa.update(table).values(values)
            is_old = is_this & (columns.record == _encoded(old)) & (columns.expires > self._database.now)
            return change(swap.where(is_old), *reminders)
        if self.read(key)[0] is not None:  # PostgreSQL would log each INSERT that fails
            return False
        if new is None:
            return all(change(reminder) or True for reminder in reminders)
        if clock.now() - self._swept >= SWEEP_SECONDS:
            self._swept = clock.now()
            change(sa.delete(table).where(columns.expires <= self._database.now))
        replace = sa.update(table).values(values).where(is_this & (columns.expires <= self._database.now))
        insert = sa.insert(table).values(id=self._full(key), **values)
        return change(insert, *reminders) or change(replace, *reminders)

    def remind(self, reminder: Reminder) -> None:
        self._database.change(self._reminder(*reminder))

    def due(self, agendas: Collection[str], lease: float, timeout: float) -> Due | None:
        columns, names = self._agendas.c, {self._full(f"agenda-{name}"): name for name in agendas}
        are_due = columns.agenda.in_(names) & (columns.due <= self._database.now)
        first = sa.select(self._agendas).where(are_due).order_by(columns.due).limit(1)
        while found := self._database.read(first):
            row, token = found[0], secrets.randbits(62)
            lend = sa.update(self._agendas).values(due=self._from_now(lease), token=token)
            if self._database.change(lend.where(columns.id == row.id, columns.token == row.token)):
                return Due(names[bytes(row.agenda)], _decoded(row.item), str(token))
        self._closed.wait(min(timeout, LOOK_SECONDS))
        return None

    def done(self, due: Due) -> None:
        is_item, is_token = self._is_item(due.agenda, due.item), self._agendas.c.token == int(due.token)
        self._database.change(sa.delete(self._agendas).where(is_item & is_token))

    def close(self) -> None:
        """End the waits; the engine's owner closes it."""
        self._closed.set()

    def _from_now(self, seconds: float) -> sa.ColumnElement[int]:
        return self._database.now + int(seconds * 1_000_000)

    def _is_item(self, agenda: str, item: str) -> sa.ColumnElement[bool]:
        return self._agendas.c.id == _key(self._full(f"agenda-{agenda}") + _encoded(item))

    def _reminder(self, agenda: str, item: str, seconds: float) -> Any:
        """Return the statement that notes it, or takes the item off."""
        if seconds == math.inf:
            return sa.delete(self._agendas).where(self._is_item(agenda, item))
        full = self._full(f"agenda-{agenda}")
        moment = {"due": self._from_now(seconds), "token": secrets.randbits(62)}
        row = {"id": _key(full + _encoded(item)), "agenda": full, "item": _encoded(item), **moment}
        insert: Any = _INSERT[self._database.dialect](self._agendas).values(row)
        if self._database.dialect == "mysql":
            return insert.on_duplicate_key_update(moment)
        return insert.on_conflict_do_update(index_elements=["id"], set_=moment)


def _key(name: Record) -> bytes:
    return hashlib.sha256(_encoded(name)).digest()


def _encoded(text: Record) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _decoded(text: bytes) -> str:
    return bytes(text).decode("utf-8", "surrogatepass")
