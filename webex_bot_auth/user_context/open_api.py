"""Webex's API as a person, outside of a command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from wxc_sdk import WebexSimpleApi

from ..commands.failures import is_refusal_of
from ..errors import LoginRequired
from ..service import LoginService
from ..webex.oauth import scopes_setting
from ..webex.rest import user_api


@contextmanager
def open_api(
    manager: LoginService, *, user_id: str, scopes: str | Iterable[str] = ()
) -> Iterator[WebexSimpleApi]:
    """Webex's API as a person, outside of a command: for a webhook, a schedule, a web page::

        with token_manager.api(user_id=user_id, scopes=["spark:rooms_read"]) as api:
            spaces = list(api.rooms.list())

    Args:
        manager: the token manager
        user_id: the person
        scopes: what the block needs

    Returns:
        a context manager that gives the API, with a token that is usable now

    Raises:
        LoginRequired: a login is needed; also after a 401 for this token inside the block, which drops it
        TokenServiceError: expired, and the token service cannot refresh it at the moment
        StoreError: what is stored cannot be read
    """
    needed = scopes_setting("scopes", scopes)
    context = manager.get_user_context_and_refresh(user_id=user_id)
    if context is None or not context.grants(needed):
        raise LoginRequired(user_id, needed)
    try:
        yield user_api(context.tokens, manager.connections)
    except Exception as error:
        # refreshed, or logged in again, while the block ran: the next try works, so the error stays as it is
        if is_refusal_of(context, error) and manager.token_refused(context):
            raise LoginRequired(user_id, needed) from error
        raise
