"""Messages from the bot to one person, in the 1:1 space: what only that person may see goes this way."""

from __future__ import annotations

from typing import Any

import requests
from wxc_sdk.rest import RestError
from wxc_sdk.tokens import Tokens

from ..errors import MessageNotSent
from ..webex.connections import Connections
from ..webex.rest import quiet_api
from .bot_profile import BotProfile
from .cards import Card

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
#: so long, in all, 429s are waited out, while a person waits; seconds
RATE_LIMIT_SECONDS = 5.0


class DirectMessages:
    """Sends messages with the bot's token.

    Addressed by person id and without a ``parentId``: a reply in a thread would go to the thread's room.

    Args:
        bot_token: bot access token
        connections: what they are sent on
    """

    def __init__(self, bot_token: str, connections: Connections) -> None:
        self._tokens = Tokens(access_token=bot_token)
        self.bot = BotProfile(self._tokens, connections)
        self._api = quiet_api(self._tokens, connections, rate_limit_seconds=RATE_LIMIT_SECONDS)

    def send(self, person_id: str, text: str, card: Card | None = None) -> str | None:
        """Send plain text, or a card together with the text for clients that show no cards.

        Returns:
            the message's id; None where Webex does not say

        Raises:
            MessageNotSent: Webex did not accept it, or could not be reached
        """
        attachments: Any = None  # wxc_sdk's type says list, and it takes list or None
        if card:
            attachments = [{"contentType": CARD_TYPE, "content": card}]
        try:
            return self._api.messages.create(to_person_id=person_id, text=text, attachments=attachments).id
        except RestError as error:
            raise MessageNotSent(error.response.status_code) from None  # its text quotes addresses
        except (requests.RequestException, ValueError):  # the latter: an answer that is no message
            raise MessageNotSent(None) from None

    def delete(self, message_id: str) -> bool:
        """Delete a message of the bot.

        Returns:
            False: it could not be deleted at the moment
        """
        try:
            self._api.messages.delete(message_id=message_id)
        except RestError as error:
            status = error.response.status_code
            return status < 500 and status != 429  # the others: it is gone, or never goes
        except requests.RequestException:
            return False
        return True
