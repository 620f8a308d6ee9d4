"""``login``, ``logout`` and ``whoami``. In a group, their answers go 1:1 and the thread gets one line."""

from __future__ import annotations

import logging
from typing import Any

from webex_bot.models.command import Command

from ..chat.messages import Why
from ..errors import LogoutIncomplete, TokenServiceError
from ..service import LoginService
from ..webex.identity import identify
from .answers import privately
from .guard import UserTokenMixin, requires_user_token
from .request import Request

log = logging.getLogger(__name__)


class AccountCommand(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Answers one person about his or her own login."""

    #: what to type; :class:`Texts` explains it in ``help_<keyword>``
    keyword: str

    def __init__(self, *, token_manager: LoginService, command_keyword: str | None = None) -> None:
        super().__init__(
            token_manager=token_manager,
            command_keyword=(command_keyword or self.keyword).lower(),
            help_message=getattr(token_manager.chat.texts(), f"help_{self.keyword}"),
            # webex_bot matches parts of words otherwise: "please login to..." is not for us
            exact_command_keyword_match=True,
        )

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str | None:
        request = Request(message, attachment_actions, activity)
        return privately(self.token_manager.chat, request, lambda: self.answer(request))

    def answer(self, request: Request) -> str | bool:
        """What to tell the person; True: it has been sent 1:1 already; False: there is nothing to tell."""
        raise NotImplementedError


class LoginCommand(AccountCommand):
    """Log in; for a person who is logged in already: until when, and a button to log in again."""

    keyword = "login"

    def answer(self, request: Request) -> bool:
        return self.token_manager.ask_to_log_in(request.user_id, (), self._present_login(request.user_id))

    def _present_login(self, user_id: str) -> Why | None:
        """What to say about it; None: there is none, or nothing can be claimed about it at the moment."""
        manager, chat = self.token_manager, self.token_manager.chat
        try:
            context = manager.get_user_context_and_refresh(user_id=user_id)
            name = context and identify(context.tokens, manager.connections).display_name
        except TokenServiceError as error:
            log.warning("login offered without checking the present one: user %s: %s", user_id, error)
            return None
        if not context or not name:
            return None
        texts = chat.texts(user_id)
        present = texts.already_logged_in.format(name=name, until=chat.until(context))
        return Why(sentence=f"{present} {texts.log_in_again}", again=True)


class LogoutCommand(AccountCommand):
    """Delete the person's tokens, and revoke them at Webex where it lets us."""

    keyword = "logout"

    def __init__(self, *, login_keyword: str = "login", **options: Any) -> None:
        super().__init__(**options)
        self._login_keyword = login_keyword

    def answer(self, request: Request) -> str:
        texts = self.token_manager.chat.texts(request.user_id)
        remark = ""
        try:
            revoked = self.token_manager.logout(user_id=request.user_id)
        except LogoutIncomplete as error:
            revoked, remark = error.revoked or False, f" {texts.logout_incomplete}"
        if revoked is None:
            return texts.not_logged_in.format(login=self._login_keyword)
        told = texts.logged_out_revoked if revoked else f"{texts.logged_out} {texts.revoke_yourself}"
        return told + remark


@requires_user_token
class WhoamiCommand(AccountCommand):
    """Whose account it is at Webex, and how long the login is good."""

    keyword = "whoami"

    def answer(self, request: Request) -> str:
        me, chat = self.user_api.people.me(), self.token_manager.chat
        return chat.texts(request.user_id).whoami.format(
            name=me.display_name,
            email=(me.emails or [""])[0],
            until=chat.until(self.user_context),
        )
