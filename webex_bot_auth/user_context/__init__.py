"""Management of user contexts for a bot: the classes that bot authors use.

TokenManager: abstract base class of token managers
StoredTokenManager: keeps users' tokens in any store of text
YAMLTokenManager: keeps users' tokens in a local YAML file
RedisTokenManager: keeps users' tokens and the state of OAuth flows in Redis
SQLTokenManager: keeps both in a SQL database
"""

from typing import TYPE_CHECKING, Any

from ..models import UserContext
from .manager import TokenManager
from .sql_manager import SQLTokenManager
from .stored_manager import StoredTokenManager
from .yaml_manager import YAMLTokenManager

if TYPE_CHECKING:
    from .redis_manager import RedisTokenManager

__all__ = [
    "RedisTokenManager",
    "SQLTokenManager",
    "StoredTokenManager",
    "TokenManager",
    "UserContext",
    "YAMLTokenManager",
]


def __getattr__(name: str) -> Any:
    if name == "RedisTokenManager":  # importing redis-py takes time, and a bot with a file does not need it
        from .redis_manager import RedisTokenManager

        return RedisTokenManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
