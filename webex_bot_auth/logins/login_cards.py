"""The login cards in people's spaces: a person has one at most, and it goes when it is of no use any more."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ..chat.messages import Chat
from ..chat.speaker import Speaker
from ..errors import StoreError
from ..ground.background_loop import BackgroundLoop
from ..models import ShownCard
from .pending import Pending

log = logging.getLogger(__name__)

#: login cards that one user gets within the lifetime of a flow
MAX_LOGIN_CARDS = 10
#: how often to look for cards whose login has expired; seconds
LOOK_SECONDS = 2.0


class LoginCards:
    """Deletes login cards: when there is a newer one, when the login has ended, and when it has expired.

    Args:
        pending: remembers the cards, for all processes
        chat: deletes them
        speaker: does so in the background
    """

    def __init__(self, pending: Pending, chat: Chat, speaker: Speaker) -> None:
        self._pending = pending
        self._chat = chat
        self._speaker = speaker
        self._loop = BackgroundLoop("expired login cards", self._look, LOOK_SECONDS)
        self._going: set[str] = set()  # message ids of cards that are about to be deleted

    def shown(
        self, user_id: str, message_id: str | None, flow_id: str | None, seconds: float | None = None
    ) -> None:
        """A card was sent: earlier ones go, and this one goes when its login has ended or expired.

        Args:
            user_id: to whom
            message_id: the bot's message; None where Webex did not say
            flow_id: its login; None where somebody else keeps it
            seconds: until the login expires, where that is less than its lifetime
        """
        if message_id is None:
            return
        try:
            useless = self._pending.show_card(user_id, message_id, seconds)
            if flow_id and not self._pending.is_pending(flow_id):  # the person was quicker than we are
                for newer in useless:
                    self._pending.keep_card(newer)
                useless = [ShownCard(user_id=user_id, message_id=message_id)]
        except StoreError as error:
            log.warning("login card not remembered: user %s: %s", user_id, error)
            return
        self.watch()
        if useless:
            self._speaker.say(user_id, lambda: self.remove(useless))

    def remove(self, cards: Iterable[ShownCard]) -> None:
        """Delete cards; one that cannot be deleted at the moment is tried again later."""
        for card in cards:
            deleted = self._chat.delete(card.user_id, card.message_id)
            try:
                if deleted:
                    self._pending.card_is_deleted(card)
                else:
                    self._pending.delete_card_later(card)
            except StoreError as error:
                log.warning("login card not forgotten: user %s: %s", card.user_id, error)

    def watch(self) -> None:
        """Look for cards whose login has expired, until :meth:`close`."""
        self._loop.start()

    def close(self) -> None:
        """Stop looking; cards stay, for other processes."""
        self._loop.close()

    def _look(self) -> bool:
        card = self._pending.next_due_card()
        # once at a time: it is due again while it waits until its person can be told
        if card and card.message_id not in self._going:
            self._going.add(card.message_id)
            self._speaker.say(card.user_id, lambda: self._remove_due(card))
        return card is not None

    def _remove_due(self, card: ShownCard) -> None:
        try:
            if self._chat.delete(card.user_id, card.message_id):  # else it is due again soon
                self._pending.card_is_deleted(card)
                if self._pending.end_expired(card):
                    self._chat.tell_expired(card.user_id)
        finally:
            self._going.discard(card.message_id)
