"""``login``, ``logout`` and ``whoami``. In a group, their answers go 1:1 and the thread gets one line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import requests
from webex_bot.models.command import Command

from ..errors import MessageNotSent, StoreError, TokenServiceError
from ..rest import person_of
from ..user_context.models import UserContext
from .call import Request
from .guard import UserTokenMixin, requires_user_token

if TYPE_CHECKING:
    from ..user_context import TokenManager

log = logging.getLogger(__name__)


class _AccountCommand(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Answers one person about his or her own login."""

    def __init__(self, *, token_manager: TokenManager, command_keyword: str, help_message: str) -> None:
        super().__init__(
            token_manager=token_manager,
            command_keyword=command_keyword.lower(),
            help_message=help_message,
            # webex_bot matches parts of words otherwise: "please login to..." is not for us
            exact_command_keyword_match=True,
        )

    def execute(self, message: Any, attachment_actions: Any, activity: Any) -> str | None:
        request = Request(message, attachment_actions, activity)
        texts = self.token_manager.chat.texts(request.user_id)
        try:
            said = self.answer(request)
            if isinstance(said, str) and request.is_direct:
                return said
            if isinstance(said, str) and not self.token_manager.chat.tell(request.user_id, said):
                return texts.cannot_write_direct
        except MessageNotSent:
            return texts.cannot_write_direct
        except (StoreError, TokenServiceError) as error:
            log.error("%s: user %s: %s", self.command_keyword, request.user_id, error)  # noqa: TRY400
            return self.token_manager.chat.explain(error, request.user_id)
        return texts.look_in_direct if said and not request.is_direct else None

    def answer(self, request: Request) -> str | bool:
        """What to say to the person; True: it has been said in the 1:1 space; False: nothing was."""
        raise NotImplementedError


class LoginCommand(_AccountCommand):
    """Log in; for somebody who is logged in already: until when, and a button to log in anew."""

    def __init__(self, *, token_manager: TokenManager, command_keyword: str = "login") -> None:
        help_message = token_manager.chat.texts().help_login
        super().__init__(
            token_manager=token_manager, command_keyword=command_keyword, help_message=help_message
        )

    def answer(self, request: Request) -> bool:
        sentence = None
        if (context := self._context(request.user_id)) and (name := self._name(context)):
            texts = self.token_manager.chat.texts(request.user_id)
            until = self.token_manager.chat.until(context)
            sentence = f"{texts.already_logged_in.format(name=name, until=until)} {texts.log_in_anew}"
        return self.token_manager.request_login(user_id=request.user_id, sentence=sentence)

    def _context(self, user_id: str) -> UserContext | None:
        try:
            return self.token_manager.get_user_context_and_refresh(user_id=user_id)
        except TokenServiceError as error:
            log.warning("login offered without a look at the present one: user %s: %s", user_id, error)
            return None

    def _name(self, context: UserContext) -> str | None:
        """None: Webex does not say, so that nothing is claimed about the present login."""
        try:
            return person_of(context.tokens).display_name
        except (requests.RequestException, ValueError):
            return None


class LogoutCommand(_AccountCommand):
    """Forget the person's tokens, and revoke them at Webex where it lets us."""

    def __init__(self, *, token_manager: TokenManager, command_keyword: str = "logout") -> None:
        help_message = token_manager.chat.texts().help_logout
        super().__init__(
            token_manager=token_manager, command_keyword=command_keyword, help_message=help_message
        )

    def answer(self, request: Request) -> str:
        texts = self.token_manager.chat.texts(request.user_id)
        revoked = self.token_manager.logout(user_id=request.user_id)
        if revoked is None:
            return texts.not_logged_in
        return texts.logged_out_revoked if revoked else f"{texts.logged_out} {texts.revoke_yourself}"


@requires_user_token
class WhoamiCommand(_AccountCommand):
    """Who Webex takes the person for, and how long the login is good."""

    def __init__(self, *, token_manager: TokenManager, command_keyword: str = "whoami") -> None:
        super().__init__(
            token_manager=token_manager,
            command_keyword=command_keyword,
            help_message=token_manager.chat.texts().help_whoami,
        )

    def answer(self, request: Request) -> str:
        me = self.user_api.people.me()
        return self.token_manager.chat.texts(request.user_id).whoami.format(
            name=me.display_name,
            email=(me.emails or [""])[0],
            until=self.token_manager.chat.until(self.user_context),
        )
