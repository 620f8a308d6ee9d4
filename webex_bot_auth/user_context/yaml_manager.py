"""YAMLTokenManager: a file. For one process that runs both the bot and the redirect."""

from __future__ import annotations

import os
from typing import Any

from wxc_sdk.integration import Integration

from ..errors import SettingError
from ..stores.yaml_file import YAMLUserStore
from .stored_manager import StoredTokenManager


class YAMLTokenManager(StoredTokenManager):
    """A TokenManager using a local YAML file to store user contexts.

    Flow state is stored within the instance. This only works if a single process serves the bot and the
    requests; other processes may read and write the file, as the command line does.

    Args:
        bot_token: bot token
        integration: integration to use to obtain tokens
        yml_base: base name (no extension) of the YAML file; relative to the working directory
        options: see :class:`~webex_bot_auth.user_context.TokenManager`

    Raises:
        SettingError: a setting is missing or malformed
    """

    def __init__(self, bot_token: str, integration: Integration, yml_base: str, **options: Any) -> None:
        if not isinstance(yml_base, (str, os.PathLike)) or not os.fspath(yml_base):
            raise SettingError("yml_base", "is empty; it is the path of the file without .yml")
        folder = os.path.dirname(os.path.abspath(os.fspath(yml_base)))
        if not os.path.isdir(folder):
            raise SettingError("yml_base", f"there is no folder {folder}")
        self._file = YAMLUserStore(f"{os.fspath(yml_base)}.yml")
        super().__init__(bot_token, integration, users=self._file, **options)

    @property
    def path(self) -> str:
        """The file itself, which is made with the first login."""
        return self._file.path
