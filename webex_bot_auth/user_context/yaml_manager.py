"""YAMLTokenManager: a file. For one process that runs both the bot and the redirect."""

from __future__ import annotations

import logging
import os
from typing import Any

from wxc_sdk.integration import Integration

from ..errors import SettingError, StoreError
from ..stores import FlowStore, UserStore
from ..stores.memory import MemoryFlowStore
from ..stores.private_file import problem_of_place
from ..stores.yaml_file import YAMLUserStore
from .stored_manager import StoredTokenManager

log = logging.getLogger(__name__)


class YAMLTokenManager(StoredTokenManager):
    """A TokenManager using a local YAML file to store user contexts.

    Flow state is stored within the instance. This only works if a single process serves the bot and the
    requests; other processes may read and write the file, as the command line does.

    Args:
        bot_token: bot token
        integration: integration to use to obtain tokens
        yml_base: base name of the YAML file, relative to the working directory of this moment; ``tokens`` and
            ``tokens.yml`` are the same
        options: see :class:`~webex_bot_auth.user_context.TokenManager`

    Raises:
        SettingError: a setting is missing or malformed
    """

    def __init__(self, bot_token: str, integration: Integration, yml_base: str, **options: Any) -> None:
        users = YAMLUserStore(path_of_file(yml_base))
        if problem := problem_of_place(users.path):
            raise SettingError("yml_base", problem)
        #: the absolute path of the file itself, which is made with the first login
        self.path = users.path
        try:
            users.users()
        except StoreError as error:  # the bot can start: once the file is mended, it is read again
            log.error("no login can be read or stored: %s", error)  # noqa: TRY400
        users.close()
        super().__init__(bot_token, integration, users=users, **options)

    def _make_stores(self) -> tuple[UserStore, FlowStore]:
        return YAMLUserStore(self.path), MemoryFlowStore()


def path_of_file(yml_base: str | os.PathLike[str]) -> str:
    """The path of the file with this base name.

    Raises:
        SettingError: there is no name, or no such folder
    """
    if not isinstance(yml_base, (str, os.PathLike)) or not os.fspath(yml_base):
        raise SettingError("yml_base", "is empty; it is the path of the file without .yml")
    base = os.fspath(yml_base)
    folder = os.path.dirname(os.path.abspath(base))
    if not os.path.isdir(folder):
        raise SettingError("yml_base", f"there is no folder {folder}")
    path = f"{base}.yml"  # also where it is tokens.yml.yml, as there may be from earlier
    return base if base.endswith(".yml") and not os.path.exists(path) else path
