"""Who is logged in, and where that is kept.

TokenManager: abstract base class of token managers
YAMLTokenManager: stores users' tokens in a local YAML file
RedisTokenManager: stores users' tokens and the state of OAuth flows in Redis
"""

from typing import TYPE_CHECKING, Any

from .manager import TokenManager
from .models import UserContext
from .yaml_file import YAMLTokenManager

if TYPE_CHECKING:
    from .redis_server import RedisTokenManager

__all__ = ["RedisTokenManager", "TokenManager", "UserContext", "YAMLTokenManager"]


def __getattr__(name: str) -> Any:
    if name == "RedisTokenManager":  # redis-py takes its time, and a bot with a file does not need it
        from .redis_server import RedisTokenManager

        return RedisTokenManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
