"""Who is logged in, and where that is kept.

TokenManager: abstract base class of token managers
YAMLTokenManager: stores users' tokens in a local YAML file
RedisTokenManager: stores users' tokens and the state of OAuth flows in Redis
"""

from .manager import TokenManager
from .models import UserContext
from .redis_server import RedisTokenManager
from .yaml_file import YAMLTokenManager

__all__ = ["RedisTokenManager", "TokenManager", "UserContext", "YAMLTokenManager"]
