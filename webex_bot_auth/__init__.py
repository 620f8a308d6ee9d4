"""Let a Webex bot act on behalf of the person it is talking to."""

from typing import TYPE_CHECKING, Any

from . import user_context
from .chat.texts import Texts
from .commands import LoginCommand, LogoutCommand, UserTokenMixin, WhoamiCommand, requires_user_token
from .errors import LoginRequired, WebexBotAuthError
from .user_context import SQLTokenManager, StoredTokenManager, TokenManager, UserContext, YAMLTokenManager

if TYPE_CHECKING:
    from .user_context import RedisTokenManager

__version__ = "0.1.0"

__all__ = [
    "LoginCommand",
    "LoginRequired",
    "LogoutCommand",
    "RedisTokenManager",
    "SQLTokenManager",
    "StoredTokenManager",
    "Texts",
    "TokenManager",
    "UserContext",
    "UserTokenMixin",
    "WebexBotAuthError",
    "WhoamiCommand",
    "YAMLTokenManager",
    "requires_user_token",
]


def __getattr__(name: str) -> Any:
    if name == "RedisTokenManager":
        return user_context.RedisTokenManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
