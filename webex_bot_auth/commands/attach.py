"""``register_bot``: what a bot gains by it, in one place."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from webex_bot.webex_bot import WebexBot

from ..errors import SettingError
from .account import LoginCommand, LogoutCommand
from .guard import GuardedMethod
from .mends import mend
from .resume import Resumer

if TYPE_CHECKING:
    from ..user_context import TokenManager

log = logging.getLogger(__name__)

#: attribute that marks a bot
REGISTERED = "_webex_bot_auth_registered"


def attach(
    manager: TokenManager, bot: Any, *, account_commands: bool, login_keyword: str, logout_keyword: str
) -> Resumer:
    """Mend the bot, add the account commands, and resume what a login interrupts.

    :raises SettingError: not a bot, or a keyword that is taken
    """
    if not isinstance(bot, WebexBot):
        raise SettingError("bot", "has to be a webex_bot.webex_bot.WebexBot")
    if getattr(bot, REGISTERED, False):
        raise SettingError("bot", "is registered already, and once is enough")
    if account_commands:
        _check_keywords(bot, login_keyword, logout_keyword)
        bot.add_command(LoginCommand(token_manager=manager, command_keyword=login_keyword))
        bot.add_command(LogoutCommand(token_manager=manager, command_keyword=logout_keyword))
    _report_scopes(manager, bot)
    mend(bot, manager.first_time)
    setattr(bot, REGISTERED, True)
    return Resumer(manager, bot)


def _check_keywords(bot: Any, *keywords: str) -> None:
    if not all(isinstance(keyword, str) and keyword.strip() for keyword in keywords):
        raise SettingError("login_keyword, logout_keyword", "have to be words to type")
    taken = {command.command_keyword: command for command in bot.commands if command.command_keyword}
    for keyword in keywords:
        if keyword.lower() in taken:
            raise SettingError(
                "account_commands",
                f"the bot has a command {keyword!r} already: pass login_keyword= or logout_keyword=, "
                f"or account_commands=False",
            )
        for other, command in taken.items():
            if other in keyword.lower() and not command.exact_command_keyword_match:
                log.warning(
                    "webex_bot takes %r for the command %r as well, and which one runs is not defined: "
                    "give the latter exact_command_keyword_match=True, or pass another keyword",
                    keyword,
                    other,
                )


def _report_scopes(manager: TokenManager, bot: Any) -> None:
    """A scope that the integration lacks is for whoever runs the bot to mend, not for its users."""
    for command in bot.commands:
        guarded = getattr(type(command), "execute", None)
        if isinstance(guarded, GuardedMethod) and (
            missing := set(guarded.scopes) - set(manager.integration.scopes)
        ):
            log.error(
                "command %r needs scopes that the integration is not configured with: %s",
                command.command_keyword or type(command).__name__,
                ", ".join(sorted(missing)),
            )
