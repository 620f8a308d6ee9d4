"""Whose access token this is: https://developer.webex.com/docs/api/v1/people"""

from __future__ import annotations

import requests
from wxc_sdk.people import Person
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from ..errors import IdentityRefused, TokenServiceUnavailable
from .connections import Connections
from .rest import quiet_api


def identify(tokens: Tokens, connections: Connections) -> Person:
    """The person whom an access token stands for.

    Raises:
        IdentityRefused: the integration lacks the scope that this needs
        TokenServiceUnavailable: Webex did not answer, or not with a person
    """
    try:
        person = quiet_api(tokens, connections).people.me()
    except RestError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise IdentityRefused(status=status, error="people/me") from None
        raise TokenServiceUnavailable(status=status, error="people/me") from None
    except (requests.RequestException, ValueError) as error:
        raise TokenServiceUnavailable(error=f"people/me: {type(error).__name__}") from None
    if not person.person_id:
        raise TokenServiceUnavailable(error="people/me: no person id")
    return person
