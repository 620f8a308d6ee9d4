"""Everything that can go wrong, as classes that carry data. Their text never holds a secret."""

from __future__ import annotations

from collections.abc import Iterable


class WebexBotAuthError(Exception):
    """Base class of all errors that this package raises."""


class SettingError(WebexBotAuthError, ValueError):
    """A setting is missing or malformed; raised while things are being set up.

    Attributes:
        setting: name of the setting
    """

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting


class OutsideGuardedCall(WebexBotAuthError, RuntimeError):
    """``user_context`` or ``user_api`` was read where no guarded method of that command is running."""

    def __init__(self, attribute: str) -> None:
        super().__init__(
            f"self.{attribute} belongs to one call of a method guarded by @requires_user_token: read it "
            f"inside that method, in its own thread (to use it elsewhere, keep the value in a variable)"
        )
        self.attribute = attribute


class LoginRequired(WebexBotAuthError):
    """There are no usable tokens of this user, or they fall short of the scopes.

    Raised out of a command of a registered bot, it sends its author a login card, and the command runs again,
    from its beginning, after the login.

    Attributes:
        user_id: who has to log in
        scopes: what is needed
        reason: what for, such as ``to list your spaces``; stands in the login card
    """

    def __init__(self, user_id: str, scopes: Iterable[str] = (), reason: str | None = None) -> None:
        self.user_id = user_id
        self.scopes = list(scopes)
        self.reason = reason
        needed = f" with the scopes {' '.join(self.scopes)}" if self.scopes else ""
        super().__init__(f"user {user_id} has to log in{needed}; token_manager.request_login() asks for it")


class TokenServiceError(WebexBotAuthError):
    """The token endpoint did not give tokens.

    Attributes:
        status: HTTP status of the answer; None where there was none
        error: short error code (RFC 6749 section 5.2) where the answer has one
        tracking_id: Webex's tracking id, for their support
        retry_after: seconds to wait before the next try; None where the service named none
    """

    what = "the token service gave no tokens"

    def __init__(
        self,
        *,
        status: int | None = None,
        error: str | None = None,
        tracking_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        facts = {"HTTP": status, "error": error, "trackingId": tracking_id}
        details = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
        super().__init__(f"{self.what} ({details})" if details else self.what)
        self.status = status
        self.error = error
        self.tracking_id = tracking_id
        self.retry_after = retry_after


class GrantRefused(TokenServiceError):
    """The code or refresh token is bad, used, expired or revoked: only a new login helps."""

    what = "the token service refused the grant"


class ClientRefused(TokenServiceError):
    """The request was wrong: client id, client secret, redirect URI or address. The operator's fault."""

    what = (
        "the token service refused this integration; compare integration.client_id, client_secret, "
        "redirect_url and scopes with what developer.webex.com shows"
    )


class IdentityRefused(ClientRefused):
    """Webex gave tokens, and does not say whose they are. The operator's fault."""

    what = (
        "Webex does not say who has logged in; add spark:people_read (or spark:all) to integration.scopes, "
        "and tick it at developer.webex.com"
    )


class NotYetApproved(TokenServiceError):
    """The person has not decided yet (device grant); with ``slow_down`` as ``error``: ask less often."""

    what = "the login has not been approved yet"


class TokenServiceUnavailable(TokenServiceError):
    """A passing fault: time-out, reset, 429, 5xx, or an answer that no token service gives."""

    what = "the token service cannot be used at the moment"


class StoreError(WebexBotAuthError):
    """The store failed.

    Attributes:
        place: file or key concerned
    """

    def __init__(self, place: str, problem: str) -> None:
        # an id may hold a lone surrogate, which no log could write
        self.place = place.encode("utf-8", "backslashreplace").decode()
        super().__init__(f"{self.place}: {problem}")


class StoreUnreadable(StoreError):
    """What is stored cannot be understood. It is left as it is; other users go on."""


class WrongKey(StoreUnreadable):
    """A record is encrypted, and none of the configured encryption keys opens it. It is left as it is."""


class UnknownKey(WrongKey):
    """A record is encrypted with a key that is none of the configured ones."""


class StoreUnavailable(StoreError):
    """The file or server cannot be reached or written at the moment."""


class MessageNotSent(WebexBotAuthError):
    """Webex did not accept a chat message.

    Attributes:
        status: HTTP status of the answer; None where there was none
    """

    def __init__(self, status: int | None) -> None:
        reason = f" (HTTP {status})" if status else ""
        if status == 401:
            reason += ": it refuses the bot token, which developer.webex.com can regenerate"
        super().__init__(f"Webex did not accept the chat message{reason}")
        self.status = status


class LogoutIncomplete(StoreUnavailable):
    """A user's tokens are deleted, but a login that is under way could not be ended, and may still count.

    Attributes:
        revoked: whether Webex revoked the tokens; None: the user was not logged in
    """

    def __init__(self, error: StoreError, revoked: bool | None) -> None:
        super().__init__(error.place, f"the tokens are deleted, but what is under way is not: {error}")
        self.revoked = revoked
