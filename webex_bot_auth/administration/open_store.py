"""Opens the store that the command line names, and finds users in it. Only here is a manager made."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..errors import SettingError, StoreUnavailable, StoreUnreadable
from ..models import UserContext, person_uuid
from ..stores.yaml_file import YAMLUserStore
from ..user_context import RedisTokenManager, SQLTokenManager, StoredTokenManager
from ..user_context.yaml_manager import path_of_file
from .environment import REDIS_URL, SQL_URL, Environment


class YAMLFile(StoredTokenManager):
    """A file of users. Other than a bot, administration need not be able to write it.

    Args:
        base: path, with or without .yml
        options: see :class:`~webex_bot_auth.user_context.StoredTokenManager`
    """

    def __init__(self, base: str, **options: Any) -> None:
        self.path = Path(path_of_file(base))
        super().__init__(users=YAMLUserStore(str(self.path), keep_private=False), **options)


Store = YAMLFile | RedisTokenManager | SQLTokenManager


def open_store(options: argparse.Namespace, *, encryption_keys: list[str], must_exist: bool = False) -> Store:
    """Open the store that the command line names. Nothing connects before it is used.

    Args:
        options: the parsed command line
        encryption_keys: the newest first
        must_exist: the file has to be there already

    Raises:
        SettingError: the store's name or an encryption key is malformed, or there is no such file
    """
    environment = Environment()
    common: dict[str, Any] = {
        "bot_token": "-",  # administration sends no chat messages
        "integration": environment.integration(),
        "encryption_keys": encryption_keys,
    }
    if options.yaml is not None:
        file = YAMLFile(options.yaml, **common)
        if must_exist and not os.path.lexists(file.path):
            raise SettingError("--yaml", f"there is no file {file.path}; the first login makes it")
        return file
    if options.sql_url is not None:
        url = environment.get(SQL_URL) if options.sql_url == "env" else options.sql_url
        database = SQLTokenManager(url=url, table_prefix=options.table_prefix, **common)
        path = database.engine.url.database or ""
        if must_exist and database.engine.dialect.name == "sqlite" and not os.path.lexists(path):
            raise SettingError("--sql-url", f"there is no file {path}; the first login makes it")
        return database
    url = environment.get(REDIS_URL) if options.redis_url == "env" else options.redis_url
    return RedisTokenManager(redis_url=url, key_prefix=options.key_prefix, **common)


def load(store: Store, user_id: str) -> UserContext | None:
    """One user's context; None: there is none (any more).

    Raises:
        StoreUnreadable: this record cannot be read, and perhaps others can
        StoreUnavailable: the store cannot be read
    """
    try:
        return store.get_user_context(user_id=user_id)
    except StoreUnavailable as error:
        user_ids(
            store
        )  # fails as well where it is not this record alone, such as a Redis key of another type
        raise StoreUnreadable(error.place, str(error).removeprefix(f"{error.place}: ")) from error


def user_ids(store: Store) -> list[str]:
    """The ids of all users who are logged in, sorted.

    Raises:
        StoreError: the store cannot be read
    """
    return sorted(store.contexts.users())


def ids_of(store: Store, user: str) -> list[str]:
    """The ids of all users who are called so: by id, address or name.

    Raises:
        StoreError: the store cannot be read
    """
    ids = user_ids(store)
    if user in ids:
        return [user]
    return [one for one in ids if user == person_uuid(one) or _is_called(store, one, user.casefold())]


def _is_called(store: Store, user_id: str, name: str) -> bool:
    try:
        context = load(store, user_id)
    except StoreUnreadable:
        return False
    names = (context.email, context.display_name) if context else ()
    return name in [one.casefold() for one in names if one]
