"""What is over goes: login cards that are of no use any more, and what waited for a login for too long."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from ..chat.messages import Chat
from ..errors import StoreError
from ..ground.queues import Queues
from .desk import CARD_SECONDS, tidied, untidy
from .desks import Desks

log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class Tidying:
    """Tidies desks.

    Attributes:
        desks: the desks
        chat: deletes cards at Webex, and tells people
        messages: does so in the background, in order for each person
    """

    desks: Desks
    chat: Chat
    messages: Queues

    def soon(self, user_id: str) -> None:
        """Delete a person's cards that are over, after what is said to the person before that."""
        self.messages.submit_or_run(user_id, partial(self.tidy, user_id, all_over=True))

    def tidy(self, user_id: str, *, all_over: bool = False) -> bool:
        """Delete cards, tell the person what has lapsed, and take it off the desk.

        The person is told before it is taken off: whenever a process dies, another one tells.

        Args:
            user_id: whose desk
            all_over: also cards that are over and that somebody may be deleting already

        Returns:
            whether nothing is left to do now
        """
        try:
            desk, now, _ = self.desks.read(user_id)
            over = untidy(desk, now, all_over=all_over)
            deleted = {card.message_id for card in over.cards if self.chat.delete(user_id, card.message_id)}
            expired = [card for card in over.cards if not card.is_over]
            # while Webex does not answer, a card that could be used until now stays, and what waits with it
            is_tried = any(now < card.ends + CARD_SECONDS for card in expired)
            if is_tried and not all(card.message_id in deleted for card in expired):
                return False
            if expired and not self.chat.tell_expired(user_id) and is_tried:
                return False
            for command in over.lapsed:
                self.chat.tell_lapsed(command)
            self.desks.change(user_id, partial(tidied, looked=now, deleted=frozenset(deleted)))
        except StoreError as error:
            log.warning("not tidied, trying again: user %s: %s", user_id, error)
            return False
        return len(deleted) == len(over.cards)
