"""``register_bot``: what a bot gains by it, in one place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from webex_bot.models.command import COMMAND_KEYWORD_KEY
from webex_bot.webex_bot import WebexBot

from ..errors import LoginRequired, SettingError
from ..ground.queues import Queues
from ..ground.scopes import lacking
from ..ground.turn import Turn
from ..service import LoginService
from .account import LoginCommand, LogoutCommand
from .definition_errors import checked_manager
from .events import Events
from .guard import ENTRANCES, Guard, check_guard, required_scopes
from .guarded_call import answer_login_required
from .handling import Handling
from .request import Request, display_name, original
from .webex_bot_patches import patch_bot

log = logging.getLogger(__name__)

#: attribute that marks a bot
REGISTERED = "_webex_bot_auth_registered"


def register(
    service: LoginService,
    bot: Any,
    events: Events,
    queues: Queues,
    turn: Turn,
    *,
    account_commands: bool,
    login_keyword: str,
    logout_keyword: str,
) -> Handling:
    """Patch the bot, add the account commands, and return what handles the bot's events.

    Args:
        service: the token manager
        bot: a :class:`webex_bot.webex_bot.WebexBot`
        events: knows which events were handled
        queues: where the bot's messages are handled
        turn: of this process among all that run the bot
        account_commands: add the ``login`` and ``logout`` commands
        login_keyword: what to type to log in
        logout_keyword: what to type to log out

    Raises:
        SettingError: not a bot, another bot, or a keyword that is in use
        TypeError: a command with a guard that was hidden from its class has no token manager
    """
    if not isinstance(bot, WebexBot):
        raise SettingError("bot", "has to be a webex_bot.webex_bot.WebexBot")
    if getattr(bot, REGISTERED, False):
        raise SettingError("bot", "is registered already, and once is enough")
    if not service.chat.bot.has_token(bot.access_token):
        raise SettingError("bot", "has another token than the token manager: give both the same bot_token")
    if account_commands:
        _check_keywords(bot, login_keyword, logout_keyword)
        bot.add_command(LoginCommand(token_manager=service, command_keyword=login_keyword))
        logout = LogoutCommand(
            token_manager=service, command_keyword=logout_keyword, login_keyword=login_keyword
        )
        bot.add_command(logout)
        _show_last(bot, login_keyword.lower(), logout_keyword.lower())
    _check_commands(service, bot)
    _report_missing_scopes(service, bot)
    setattr(bot, REGISTERED, True)
    return patch_bot(bot, service, events, queues, turn)


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


def _show_last(bot: Any, *keywords: str) -> None:
    """Put the account commands behind the bot's own on the help card: clients show its first five buttons."""
    build = getattr(bot.help_command, "build_actions_and_hints", None)
    if build is None:
        return  # the bot has a help command of its own

    def place(button: Any) -> int:
        keyword = (getattr(button, "data", None) or {}).get(COMMAND_KEYWORD_KEY)
        return keywords.index(keyword) if keyword in keywords else -1

    def build_own_first(*args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
        buttons, hints = build(*args, **kwargs)
        return sorted(buttons, key=place), hints

    bot.help_command.build_actions_and_hints = build_own_first


def _check_commands(service: LoginService, bot: Any) -> None:
    """Find guards that were hidden from their class, or removed from it: now, and before a command runs.

    A command that turns out to need a login leads to a login card, with or without a guard.
    """

    def check(command: Any) -> None:
        check_guard(command)
        if required_scopes(type(command)) is not None:
            checked_manager(command, getattr(command, "token_manager", None))

    def checking(run: Callable[..., Any]) -> Callable[..., Any]:
        def run_checked(command: Any, **kwargs: Any) -> Any:
            if any(type(vars(type(command)).get(name)) is not Guard for name in ENTRANCES):
                check(command)
            try:
                return run(command=command, **kwargs)
            except LoginRequired as error:  # of a command without a guard
                request = Request(kwargs["message"], original(kwargs["teams_message"]), kwargs["activity"])
                return answer_login_required(service, request, error, display_name(command)), False

        return run_checked

    for command in bot.commands:
        check(command)
    for name in ("run_pre_card_load_reply", "run_pre_execute", "run_command_and_handle_bot_exceptions"):
        setattr(bot, name, checking(getattr(bot, name)))


def _report_missing_scopes(service: LoginService, bot: Any) -> None:
    """A scope that the integration lacks is for the operator to add; no login can give it."""
    for command in bot.commands:
        if missing := lacking(service.integration.scopes, required_scopes(type(command)) or ()):
            log.error(
                "command %r needs scopes that the integration is not configured with: %s",
                display_name(command),
                ", ".join(sorted(missing)),
            )
