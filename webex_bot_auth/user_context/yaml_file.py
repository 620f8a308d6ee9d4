"""YAMLTokenManager: a file. For one process that runs both the bot and the redirect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from wxc_sdk.integration import Integration

from ..errors import SettingError
from .models import Renewal, UserContext, check_owner
from .stored import StoredTokenManager
from .user_file import UserFile


class YAMLTokenManager(StoredTokenManager):
    """A TokenManager using a local YAML file to store user contexts.

    Flow state is stored within the instance. This only works if a single process serves the bot and the
    requests; other processes may read and write the file (the command line does), but only one may refresh.

    :param bot_token: bot token
    :param integration: integration to use to obtain tokens
    :param yml_base: base name (no extension) of the YAML file; relative to the working directory
    :param options: see :class:`~webex_bot_auth.user_context.TokenManager`
    :raises SettingError: a setting is missing or malformed
    """

    def __init__(self, bot_token: str, integration: Integration, yml_base: str, **options: Any) -> None:
        super().__init__(bot_token, integration, **options)
        if not isinstance(yml_base, (str, os.PathLike)) or not os.fspath(yml_base):
            raise SettingError("yml_base", "is empty; it is the path of the file without .yml")
        folder = os.path.dirname(os.path.abspath(os.fspath(yml_base)))
        if not os.path.isdir(folder):
            raise SettingError("yml_base", f"there is no folder {folder}")
        self._file = UserFile(f"{os.fspath(yml_base)}.yml", self._records)

    @property
    def path(self) -> str:
        """The file itself, which is made with the first login."""
        return self._file.path

    def set_user_context(self, *, user_id: str, user_context: UserContext | None = None) -> None:
        """Store a user context in the file.

        :param user_id: user id
        :param user_context: user context; if None then clear the user context
        :raises StoreError: the file cannot be read or written; nothing is changed then
        """
        check_owner(user_id, user_context)
        self._file.write(user_id, user_context)

    def get_user_context(self, *, user_id: str) -> UserContext | None:
        """The user context, as the file says now.

        :param user_id: user id
        :raises StoreError: the file or this user's record cannot be read
        """
        return self._file.read(user_id)

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop a context, but only where ``old`` still stands."""
        return self._file.write(old.user_id, new, instead_of=old)

    def users(self) -> Iterator[str]:
        """Ids of the users whose contexts are stored."""
        yield from self._file.users()

    def renew(self) -> Renewal:
        """Encrypt all contexts with the newest key."""
        return self._file.renew()

    def close(self) -> None:
        super().close()
        self._file.close()
