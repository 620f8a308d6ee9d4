"""Revoking tokens, as far as Webex allows it: https://developer.webex.com/docs/api/v1/authorizations"""

from __future__ import annotations

import requests
from wxc_sdk.tokens import Tokens

from .rest import quiet_api

#: where people revoke an integration's access themselves
REVOCATION_PAGE = "https://idbroker.webex.com/idb/profile#/tokens"


def revoke(tokens: Tokens, client_id: str) -> bool:
    """Revoke an integration's tokens. Webex has no call for this that ordinary users may make.

    Returns:
        whether Webex did it
    """
    api = quiet_api(tokens)
    try:
        api.authorizations.delete(client_id=client_id)
    except (requests.RequestException, ValueError):
        return False
    else:
        return True
    finally:
        api.session.close()
