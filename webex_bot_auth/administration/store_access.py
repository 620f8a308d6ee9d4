"""Everything that administration does with a store. Only this file knows how a token manager is built."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SettingError, StoreUnreadable
from ..logins.records import Records
from ..models import RotationReport, UserContext, person_uuid
from ..stores.yaml_file import YAMLUserStore
from ..user_context import RedisTokenManager, StoredTokenManager
from ..user_context.yaml_manager import path_of_file
from .environment import REDIS_URL, Environment
from .redis_flows import PendingFlow, pending_flows
from .redis_health import RedisHealth, read_redis_health


class YAMLFile(StoredTokenManager):
    """A file of users. Other than a bot, administration need not be able to write it.

    Args:
        base: path, with or without .yml
        options: see :class:`~webex_bot_auth.user_context.StoredTokenManager`
    """

    def __init__(self, base: str, **options: Any) -> None:
        self.path = Path(path_of_file(base))
        super().__init__(users=YAMLUserStore(str(self.path)), **options)


Store = YAMLFile | RedisTokenManager


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
    url = environment.get(REDIS_URL) if options.redis_url == "env" else options.redis_url
    return RedisTokenManager(redis_url=url, key_prefix=options.key_prefix, **common)


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
        context = load_context(store, user_id)
    except StoreUnreadable:
        return False
    names = (context.email, context.display_name) if context else ()
    return name in [one.casefold() for one in names if one]


def load_context(store: Store, user_id: str) -> UserContext | None:
    """A user's context; None if the user is not logged in.

    Raises:
        StoreUnreadable: the record is damaged or cannot be decrypted
        StoreError: the store cannot be read
    """
    return store.get_user_context(user_id=user_id)


def delete_context(store: Store, user_id: str) -> None:
    """Delete a user's context without reading it, and without asking Webex to revoke the tokens."""
    store.set_user_context(user_id=user_id)


def log_out(store: Store, user_id: str) -> bool | None:
    """Delete a user's context, and ask Webex to revoke the tokens.

    Returns:
        whether Webex revoked the tokens; None: the user was not logged in

    Raises:
        StoreUnreadable: the record is damaged or cannot be decrypted; it is left unchanged
    """
    return store.logout(user_id=user_id)


def rotate_keys(store: Store) -> RotationReport:
    """Encrypt all records with the newest key."""
    return store.contexts.rotate()


def redis_flows(store: RedisTokenManager, *, encryption_keys: list[str]) -> Iterator[PendingFlow]:
    """The logins that people have started and not finished yet.

    Args:
        store: where they are kept
        encryption_keys: the newest first

    Raises:
        StoreUnavailable: Redis cannot be reached
    """
    return pending_flows(store.redis, Records(encryption_keys), store.key_prefix + store.FLOW_SET)


def redis_health(store: RedisTokenManager) -> RedisHealth:
    """Facts about the Redis server; of a cluster, the worst of all primaries.

    Raises:
        StoreUnavailable: Redis cannot be reached
    """
    return read_redis_health(store.redis, probe_key=f"{store.key_prefix}doctor")
