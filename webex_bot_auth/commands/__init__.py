"""What happens to a message: the guard before a command, the account commands, what a login lets run."""

from .account import LoginCommand, LogoutCommand, WhoamiCommand
from .guard import UserTokenMixin, requires_user_token

__all__ = [
    "LoginCommand",
    "LogoutCommand",
    "UserTokenMixin",
    "WhoamiCommand",
    "requires_user_token",
]
