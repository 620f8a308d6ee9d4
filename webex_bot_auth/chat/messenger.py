"""The bot's voice in 1:1 spaces: what only one person may see goes this way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from ..errors import MessageNotSent
from ..rest import quiet_api
from ..token_endpoint import retry_after
from .cards import Card

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
#: a 429 is waited out once, if it is no longer than this; seconds
LONGEST_WAIT = 5.0


class Messenger:
    """Sends messages with the bot's token to one person.

    Addressed by person id and without a ``parentId``: a reply in a thread would go to the thread's room.
    """

    def __init__(self, bot_token: str) -> None:
        self._api = quiet_api(Tokens(access_token=bot_token))

    def send(self, person_id: str, text: str, card: Card | None = None) -> None:
        """Send plain text, or a card with the text for clients that show none.

        :raises MessageNotSent: Webex did not take it, or could not be reached
        """
        attachments: Any = None  # wxc_sdk says list, and means list or None
        if card:
            attachments = [{"contentType": CARD_TYPE, "content": card}]
        for last_try in (False, True):
            try:
                self._api.messages.create(to_person_id=person_id, text=text, attachments=attachments)
            except RestError as error:
                if last_try or not _may_wait(error.response.status_code, error.response.headers):
                    raise MessageNotSent(error.response.status_code) from None  # its text quotes addresses
            except (requests.RequestException, ValueError):  # the latter: an answer that is no message
                raise MessageNotSent(None) from None
            else:
                return

    def close(self) -> None:
        self._api.session.close()


def _may_wait(status: int, headers: Mapping[str, str]) -> bool:
    seconds = retry_after(headers)
    if status != 429 or seconds is None or seconds > LONGEST_WAIT:
        return False
    time.sleep(seconds)
    return True
