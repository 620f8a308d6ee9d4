"""Says things to people: the texts, filled in, in the 1:1 space or on the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from ..device_grant import DeviceCode
from ..errors import ClientRefused, MessageNotSent, StoreError, StoreUnreadable, TokenServiceError
from ..user_context.models import InterruptedCommand, Outcome, RedirectText, UserContext
from .cards import Card, login_card
from .messenger import Messenger
from .texts import Texts

log = logging.getLogger(__name__)

#: words for everybody, or chosen by person id (None: not known), for bots that speak several languages
TextsOrChoice = Texts | Callable[[str | None], Texts]
#: takes what :func:`~webex_bot_auth.chat.cards.login_card` takes
MakeCard = Callable[..., Card]


class Speaker:
    """What this package says to a person.

    :param messenger: the bot's voice
    :param texts: its words, or what chooses them for a person
    :param flow_lifetime: how long a login may take
    :param make_card: makes the login card
    """

    def __init__(
        self,
        messenger: Messenger,
        texts: TextsOrChoice,
        flow_lifetime: timedelta,
        make_card: MakeCard = login_card,
    ) -> None:
        self._messenger = messenger
        self._texts = texts
        self._make_card = make_card
        self._minutes = max(1, round(flow_lifetime.total_seconds() / 60))

    def texts(self, user_id: str | None = None) -> Texts:
        """The words for a person; None: for somebody whom we do not know."""
        return self._texts(user_id) if callable(self._texts) else self._texts

    def tell(self, user_id: str, text: str) -> bool:
        """Tell a person something in the 1:1 space.

        :return: whether Webex took the message; what it is about counts in any case
        """
        try:
            self._messenger.send(user_id, text)
        except MessageNotSent as error:
            log.warning("user %s not told: %s", user_id, error)
            return False
        return True

    def welcome(self, user_id: str, name: str, command: InterruptedCommand | None) -> None:
        """Tell a person that the login worked, and which command runs now."""
        if command:
            self.tell(user_id, self.texts(user_id).command_runs.format(name=name, command=command.words))
        else:
            self.tell(user_id, self.texts(user_id).logged_in.format(name=name))

    def tell_lapsed(self, command: InterruptedCommand) -> None:
        """Tell a person that a command did not run after the login."""
        self.tell(command.user_id, self.texts(command.user_id).command_lapsed.format(command=command.words))

    def show_login(self, user_id: str, url: str, sentence: str | None = None) -> None:
        """Send a person the login card in the 1:1 space. The address is in the button alone.

        :param sentence: why
        :raises MessageNotSent: the card did not reach the person
        """
        texts = self.texts(user_id)
        card = self._make_card(
            title=texts.login_title,
            sentence=sentence or texts.login_plain,
            button=texts.login_button,
            url=url,
            small_print=texts.login_minutes.format(minutes=self._minutes),
        )
        self._messenger.send(user_id, texts.login_without_cards.format(button=texts.login_button), card)

    def show_device_login(self, user_id: str, code: DeviceCode, sentence: str | None = None) -> None:
        """Send a person the card with the code to confirm at Webex.

        :param sentence: why
        :raises MessageNotSent: the card did not reach the person
        """
        texts, filled = self.texts(user_id), {"code": code.user_code, "address": code.page}
        card = self._make_card(
            title=texts.login_title,
            sentence=sentence or texts.login_plain,
            button=texts.login_button,
            url=code.page,
            small_print=texts.device_minutes.format(minutes=max(1, round(code.expires_in / 60))),
            code=texts.device_code.format(**filled),
        )
        self._messenger.send(user_id, texts.device_without_cards.format(**filled), card)

    def refuse_more_logins(self, user_id: str) -> None:
        """Tell a person that there are buttons enough.

        :raises MessageNotSent: the message did not reach the person
        """
        self._messenger.send(user_id, self.texts(user_id).login_asked_often.format(minutes=self._minutes))

    def page(self, outcome: Outcome, user_id: str | None = None) -> RedirectText:
        """What the page about an outcome says."""
        page = getattr(self.texts(user_id), f"page_{outcome.value}")
        sentence, title, next_step = (
            part.format(minutes=self._minutes) for part in (page.sentence, page.title, page.next_step)
        )
        return RedirectText(sentence, outcome, title, next_step)

    def explain(self, error: StoreError | TokenServiceError, user_id: str) -> str:
        """What a person hears of a fault behind us."""
        texts = self.texts(user_id)
        if isinstance(error, StoreError):
            return texts.store_unreadable if isinstance(error, StoreUnreadable) else texts.store_down
        return texts.not_set_up if isinstance(error, ClientRefused) else texts.webex_down

    def until(self, context: UserContext) -> str:
        """How long a login is good, in words; nothing where Webex did not say."""
        moment = context.tokens.refresh_token_expires_at or context.tokens.expires_at
        return self.texts(context.user_id).until.format(date=moment.date().isoformat()) if moment else ""

    def close(self) -> None:
        self._messenger.close()
