"""What a login brings: tokens, which are stored for the person who asked and for nobody else, or an error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from wxc_sdk.tokens import Tokens

from ..errors import ClientRefused, StoreError, TokenServiceError
from ..models import FlowState, Outcome, UserContext, same_person
from ..webex.connections import Connections
from ..webex.identity import identify
from .contexts import Contexts

log = logging.getLogger(__name__)

#: how a redirect that brings an error ends; any other error is a fault of the settings
REFUSALS = {
    "access_denied": Outcome.REFUSED,
    "server_error": Outcome.TRY_AGAIN,
    "temporarily_unavailable": Outcome.TRY_AGAIN,
}
#: what the operator can do about the others
_FIXES = {
    "invalid_scope": "take the scope out of integration.scopes, or tick it at developer.webex.com",
}
_COMPARE = "compare integration.client_id, redirect_url and scopes with what developer.webex.com shows"


class Accepted(NamedTuple):
    """A login that was stored.

    Attributes:
        name: the person's
        context: the tokens
    """

    name: str
    context: UserContext


def accept(
    flow: FlowState, get_tokens: Callable[[], Tokens], contexts: Contexts, connections: Connections
) -> Outcome | Accepted:
    """Check whose tokens these are, and store them.

    Args:
        flow: the login
        get_tokens: the exchange, which may raise a TokenServiceError
        contexts: where tokens are stored
        connections: what Webex is asked on

    Returns:
        what was stored, or why the login failed
    """
    user_id = flow.user_id
    try:
        tokens = get_tokens()
        person = identify(tokens, connections)
        if not same_person(person.person_id or "", user_id):
            return Outcome.WRONG_PERSON  # these tokens are used for nothing else
        context = UserContext(
            user_id=user_id,
            tokens=tokens,
            display_name=person.display_name,
            email=next(iter(person.emails or ()), None),
        )
        contexts.save(user_id, context)
    except ClientRefused as error:
        log.error("login failed: %s", error)  # noqa: TRY400 (no traceback)
        return Outcome.NOT_SET_UP
    except TokenServiceError as error:
        log.warning("login failed: user %s: %s", user_id, error)
        return Outcome.TRY_AGAIN
    except StoreError as error:
        log.error("login not stored: user %s: %s", user_id, error)  # noqa: TRY400 (no traceback)
        return Outcome.STORE_DOWN
    return Accepted(person.display_name or "", context)


def refusal(error: str) -> Outcome:
    """How a redirect that brings this error ends; what the operator can do about it goes into the log."""
    outcome = REFUSALS.get(error, Outcome.NOT_SET_UP)
    if outcome is Outcome.NOT_SET_UP:
        log.error("login failed: Webex answers %.40r; %s", error, _FIXES.get(error, _COMPARE))
    else:
        log.info("Webex answers %.40r", error)
    return outcome
