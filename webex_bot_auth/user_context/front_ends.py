"""Where people meet a token manager: the page in a Flask app, and the commands of a bot.

Both know the manager. It knows them only here, and not before they are asked for: what serves the page needs
no bot, and the other way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..errors import SettingError

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from ..commands.resume import Resumer
    from .manager import TokenManager


class FrontEnds:
    """The part of :class:`TokenManager` that is put to work in a web app and a bot."""

    _resumer: Resumer | None = None

    def register_redirect(self, *, flask: Flask) -> None:
        """Register the ``/redirect`` endpoint for OAuth flows.

        :param flask: Flask app to register the endpoint with
        """
        from ..redirect import view  # the page knows the manager, not the other way round

        view.register(cast("TokenManager", self), flask)

    def redirect(self) -> ResponseReturnValue:
        """View function for GET on /redirect at the end of the authorization flow."""
        from ..redirect import view

        return view.answer(cast("TokenManager", self))

    def register_bot(
        self,
        *,
        bot: Any,
        account_commands: bool = True,
        login_keyword: str = "login",
        logout_keyword: str = "logout",
    ) -> None:
        """Make a bot log people in and out, and resume what a login interrupted.

        :param bot: a :class:`webex_bot.webex_bot.WebexBot`
        :param account_commands: add the ``login`` and ``logout`` commands
        :param login_keyword: what to type to log in
        :param logout_keyword: what to type to log out
        """
        from ..commands.attach import attach  # commands know the manager, and the whole of webex_bot

        if self._resumer is not None:
            raise SettingError("bot", "this token manager has one already: make one manager for each bot")
        self._resumer = attach(
            cast("TokenManager", self),
            bot,
            account_commands=account_commands,
            login_keyword=login_keyword,
            logout_keyword=logout_keyword,
        )
