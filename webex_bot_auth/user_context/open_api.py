"""Webex's API as a person, outside of a command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from wxc_sdk import WebexSimpleApi

from ..commands.failures import is_refusal_of
from ..errors import LoginRequired
from ..service import LoginService
from ..webex.oauth import scopes_setting


@contextmanager
def open_api(
    manager: LoginService, *, user_id: str, scopes: str | Iterable[str] = (), reason: str | None = None
) -> Iterator[WebexSimpleApi]:
    """Webex's API as a person, outside of a command: for a webhook, a schedule, a web page::

        with token_manager.api(user_id=user_id, scopes=["spark:rooms_read"]) as api:
            spaces = list(api.rooms.list())

    Args:
        manager: the token manager
        user_id: the person
        scopes: what the block needs
        reason: what for; a login card that a :class:`~webex_bot_auth.errors.LoginRequired` leads to says so

    Returns:
        a context manager that gives the API, with a token that is usable now

    Raises:
        LoginRequired: a login is needed; also after a 401 inside the block, if the tokens cannot be renewed
        TokenServiceError: expired, and the token service cannot refresh it at the moment
        StoreError: what is stored cannot be read
    """
    needed = scopes_setting("scopes", scopes)
    context = manager.get_user_context_and_refresh(user_id=user_id)
    if context is None or not context.grants(needed):
        raise LoginRequired(user_id, needed, reason)
    try:
        yield manager.api_of(context)
    except Exception as error:
        # refreshed, or logged in again, while the block ran: the next try works, so the error stays as it is
        if is_refusal_of(context, error) and manager.needs_login(context):
            raise LoginRequired(user_id, needed, reason) from error
        raise
