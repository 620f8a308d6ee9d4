"""Revoking tokens, as far as Webex allows it: https://developer.webex.com/docs/api/v1/authorizations"""

from __future__ import annotations

import requests

from ..models import UserContext, same_person
from .connections import Connections
from .rest import quiet_api


def revoke(context: UserContext, client_id: str, connections: Connections) -> bool:
    """Revoke a user's login at Webex, if it is certain which one it is.

    Webex has no call for this that ordinary users may make. With an administrator's token, its call by client
    id may end the logins of the whole organisation; so this login's authorization is looked up, and deleted
    by its id.

    Args:
        context: the login
        client_id: of the integration
        connections: what the calls are sent on

    Returns:
        whether Webex did it
    """
    api = quiet_api(context.tokens, connections)
    try:
        logins = [
            one
            for one in api.authorizations.list(person_id=context.user_id)
            if (one.client_id, one.type) == (client_id, "refresh")
            and same_person(one.person_id or context.user_id, context.user_id)
        ]
        if len(logins) != 1 or logins[0].id is None:
            return False  # none, or several of which one is another device's or bot's
        api.authorizations.delete(authorization_id=logins[0].id)  # ends its access tokens as well
    except (requests.RequestException, ValueError):
        return False
    else:
        return True
