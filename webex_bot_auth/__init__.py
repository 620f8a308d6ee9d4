"""Let a Webex bot act on behalf of the person it is talking to."""

from .chat.texts import Texts
from .commands import LoginCommand, LogoutCommand, UserTokenMixin, WhoamiCommand, requires_user_token
from .errors import WebexBotAuthError
from .user_context import RedisTokenManager, TokenManager, UserContext, YAMLTokenManager

__all__ = [
    "LoginCommand",
    "LogoutCommand",
    "RedisTokenManager",
    "Texts",
    "TokenManager",
    "UserContext",
    "UserTokenMixin",
    "WebexBotAuthError",
    "WhoamiCommand",
    "YAMLTokenManager",
    "requires_user_token",
]
