"""``register_bot``: what a bot gains by it, in one place."""

from __future__ import annotations

import logging
from typing import Any

from webex_bot.webex_bot import WebexBot

from ..errors import SettingError
from ..service import LoginService
from .account import LoginCommand, LogoutCommand
from .guard import required_scopes
from .request import display_name
from .resumer import Resumer
from .webex_bot_patches import patch_bot

log = logging.getLogger(__name__)

#: attribute that marks a bot
REGISTERED = "_webex_bot_auth_registered"


def register(
    service: LoginService,
    bot: Any,
    *,
    workers: int,
    account_commands: bool,
    login_keyword: str,
    logout_keyword: str,
) -> Resumer:
    """Patch the bot, add the account commands, and run the commands that waited for a login.

    Raises:
        SettingError: not a bot, another bot, a keyword that is in use, or no number of workers
    """
    if not isinstance(bot, WebexBot):
        raise SettingError("bot", "has to be a webex_bot.webex_bot.WebexBot")
    if getattr(bot, REGISTERED, False):
        raise SettingError("bot", "is registered already, and once is enough")
    if not isinstance(workers, int) or workers < 1:
        raise SettingError("workers", "has to be a number of threads, at least 1")
    if not service.chat.bot.has_token(bot.access_token):
        raise SettingError("bot", "has another token than the token manager: give both the same bot_token")
    if account_commands:
        _check_keywords(bot, login_keyword, logout_keyword)
        service.chat.login_keyword = login_keyword
        bot.add_command(LoginCommand(token_manager=service, command_keyword=login_keyword))
        bot.add_command(LogoutCommand(token_manager=service, command_keyword=logout_keyword))
    _report_missing_scopes(service, bot)
    patch_bot(bot, service, workers)
    setattr(bot, REGISTERED, True)
    service.login.resumes_commands = True
    return Resumer(service, bot)


def _check_keywords(bot: Any, *keywords: str) -> None:
    if not all(isinstance(keyword, str) and keyword and keyword == keyword.strip() for keyword in keywords):
        raise SettingError("login_keyword, logout_keyword", "have to be words to type, without spaces around")
    if len({keyword.lower() for keyword in keywords}) < len(keywords):
        raise SettingError("login_keyword, logout_keyword", "are the same: they have to be two words")
    in_use = {command.command_keyword: command for command in bot.commands if command.command_keyword}
    for keyword in keywords:
        if keyword.lower() in in_use:
            raise SettingError(
                "account_commands",
                f"the bot has a command {keyword!r} already: pass login_keyword= or logout_keyword=, "
                f"or account_commands=False",
            )
        for other, command in in_use.items():
            if other in keyword.lower() and not command.exact_command_keyword_match:
                log.warning(
                    "webex_bot takes %r for the command %r as well, and which one runs is not defined: "
                    "give the latter exact_command_keyword_match=True, or pass another keyword",
                    keyword,
                    other,
                )


def _report_missing_scopes(service: LoginService, bot: Any) -> None:
    """A scope that the integration lacks is for the operator to add; no login can give it."""
    for command in bot.commands:
        missing = set(required_scopes(type(command)) or ()) - set(service.integration.scopes)
        if missing:
            log.error(
                "command %r needs scopes that the integration is not configured with: %s",
                display_name(command),
                ", ".join(sorted(missing)),
            )
