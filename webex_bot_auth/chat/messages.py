"""Which message a person gets when: the texts, filled in, sent 1:1 or shown on the page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ..errors import ClientRefused, MessageNotSent, StoreError, StoreUnreadable, TokenServiceError
from ..models import Outcome, PageFrame, RedirectText, UserContext
from ..webex.device_grant import DeviceCode
from .cards import Card, login_card
from .conversation_links import links_to_bot
from .direct_messages import DirectMessages
from .texts import Texts

log = logging.getLogger(__name__)

#: texts for everybody, or a function that chooses them by person id (None: not known)
TextsOrChoice = Texts | Callable[[str | None], Texts]
#: takes what :func:`~webex_bot_auth.chat.cards.login_card` takes
MakeCard = Callable[..., Card]
_USUAL = Texts()


class Command(Protocol):
    """What people are told about a command that waits, or has waited, for a login.

    Attributes:
        user_id: its author
        id: of the message or card action
        display_name: what the author calls it
    """

    @property
    def user_id(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def display_name(self) -> str: ...


@dataclass(frozen=True)
class Why:
    """Why a person is asked to log in: what the login card says.

    Attributes:
        command: what the person calls the command that needs it
        reason: what it needs it for, in the bot author's words
        resumes: whether the command runs by itself after the login
        again: whether the person has logged in before
        sentence: said instead of the usual sentence
    """

    command: str | None = None
    reason: str | None = None
    resumes: bool = False
    again: bool = False
    sentence: str | None = None


class Chat:
    """What this package says to a person.

    Args:
        messages: sends it
        texts: the words, or a function that chooses them for a person
        flow_lifetime: how long a login may take
        make_card: makes the login card

    Attributes:
        bot: who says it
    """

    def __init__(
        self,
        messages: DirectMessages,
        texts: TextsOrChoice,
        flow_lifetime: timedelta,
        make_card: MakeCard = login_card,
    ) -> None:
        self._messages = messages
        self.bot = messages.bot
        self._texts = texts
        self._make_card = make_card
        self._minutes = max(1, round(flow_lifetime.total_seconds() / 60))

    def texts(self, user_id: str | None = None) -> Texts:
        """The texts for a person; None: for a person who is not known."""
        try:
            chosen = self._texts(user_id) if callable(self._texts) else self._texts
        except Exception:  # the bot author's code, which must not leave a person without an answer
            log.exception("texts= failed, the usual ones are used: user %s", user_id)
            return _USUAL
        if not isinstance(chosen, Texts):
            log.error("texts= gave a %s instead of Texts: user %s", type(chosen).__name__, user_id)
            return _USUAL
        return chosen

    # -- login cards

    def show_login(self, user_id: str, url: str, why: Why) -> str | None:
        """Send a person the login card. The address is on the button alone.

        Args:
            user_id: the person
            url: where the button leads
            why: what it says

        Returns:
            the message's id; None where Webex does not say

        Raises:
            MessageNotSent: the card did not reach the person
        """
        texts = self.texts(user_id)
        return self._show(
            user_id, texts, why,
            url=url,
            small_print=texts.login_minutes.format(minutes=self._minutes),
            without_cards=texts.login_without_cards.format(button=texts.login_button),
        )  # fmt: skip

    def show_device_login(self, user_id: str, code: DeviceCode, why: Why) -> str | None:
        """Send a person the card with the code to confirm at Webex.

        Args:
            user_id: the person
            code: what to confirm
            why: what it says

        Returns:
            the message's id; None where Webex does not say

        Raises:
            MessageNotSent: the card did not reach the person
        """
        texts, filled = self.texts(user_id), {"code": code.user_code, "address": code.page}
        return self._show(
            user_id, texts, why,
            url=code.page,
            small_print=texts.device_minutes.format(minutes=max(1, round(code.expires_in / 60))),
            without_cards=texts.device_without_cards.format(**filled),
            code=texts.device_code.format(**filled),
        )  # fmt: skip

    def _show(self, user_id: str, texts: Texts, why: Why, *, without_cards: str, **parts: str) -> str | None:
        title = texts.login_title_again if why.again else texts.login_title
        sentence = _sentence(texts, why)
        card = self._card(
            title=title.format(bot=self.bot.get().name or texts.this_bot),
            sentence=sentence,
            button=texts.login_button,
            **parts,
        )
        return self._messages.send(user_id, f"{sentence} {without_cards}", card)

    def _card(self, **parts: str) -> Card:
        try:
            return self._make_card(**parts)
        except Exception as error:  # noqa: BLE001 (as for texts=)
            # no more of the error: it may quote the address
            log.error("make_login_card= failed, the usual card is used: %s", type(error).__name__)  # noqa: TRY400
            return login_card(**parts)

    def refuse_more_logins(self, user_id: str) -> None:
        """Tell a person that there are enough login cards.

        Raises:
            MessageNotSent: the message did not reach the person
        """
        self._messages.send(user_id, self.texts(user_id).login_asked_often.format(minutes=self._minutes))

    def delete(self, user_id: str, message_id: str) -> bool:
        """Delete a message to a person.

        Returns:
            False: it could not be deleted at the moment
        """
        deleted = self._messages.delete(message_id)
        if not deleted:
            log.warning("message to user %s not deleted", user_id)
        return deleted

    # -- other messages

    def tell(self, user_id: str, text: str) -> bool:
        """Send a person a text.

        Returns:
            whether Webex accepted it; what it is about is done in any case
        """
        try:
            self._messages.send(user_id, text)
        except MessageNotSent as error:
            log.warning("message to user %s not sent: %s", user_id, error)
            return False
        return True

    def welcome(self, user_id: str, name: str, commands: Sequence[Command]) -> None:
        """Tell a person that the login worked, and which commands run now."""
        if commands:
            shown = "”, “".join(dict.fromkeys(command.display_name for command in commands))
            self.tell(user_id, self.texts(user_id).command_runs.format(name=name, command=shown))
        else:
            self.tell(user_id, self.texts(user_id).logged_in.format(name=name))

    def tell_outcome(self, user_id: str, outcome: Outcome) -> None:
        """Tell a person how a login failed, where there is something to tell."""
        texts = self.texts(user_id)
        text = {
            Outcome.REFUSED: texts.refused,
            Outcome.WRONG_PERSON: texts.someone_else,
            Outcome.NOT_SET_UP: texts.not_set_up,
            Outcome.STORE_DOWN: texts.store_down,
            Outcome.TRY_AGAIN: texts.webex_down,
        }.get(outcome)
        if text:
            self.tell(user_id, text)

    def tell_expired(self, user_id: str) -> bool:
        """Tell a person that the login card is gone; return whether Webex accepted it."""
        return self.tell(user_id, self.texts(user_id).login_expired)

    def tell_lapsed(self, command: Command) -> None:
        """Tell a person that a command did not run."""
        text = self.texts(command.user_id).command_lapsed.format(command=command.display_name)
        self._tell_about(command, text)

    def tell_dropped(self, command: Command, *, is_last: bool) -> None:
        """Tell a person that a command waits no longer, as there are too many.

        Args:
            command: the command
            is_last: whether nothing more is said about others until the login
        """
        texts = self.texts(command.user_id)
        text = texts.command_dropped.format(command=command.display_name)
        self._tell_about(command, f"{text} {texts.no_more_about_dropped}" if is_last else text)

    def _tell_about(self, command: Command, text: str) -> None:
        if not self.tell(command.user_id, text):
            log.error("%r did not run, and its author was not told: %s", command.display_name, command.id)

    # -- sentences for others to send or show

    def page(self, outcome: Outcome, user_id: str | None = None) -> RedirectText:
        """Return what the page says about the end of a login."""
        page = getattr(self.texts(user_id), f"page_{outcome.value}")
        sentence, title, next_step = (
            part.format(minutes=self._minutes) for part in (page.sentence, page.title, page.next_step)
        )
        return RedirectText(sentence, outcome, title, next_step, user_id)

    def page_frame(self, user_id: str | None) -> PageFrame:
        """Return what is around the text of a page: who speaks, in which language, and the way back."""
        texts, bot = self.texts(user_id), self.bot.known()
        app, web = links_to_bot(bot.email)
        back = (texts.page_back.format(bot=bot.name or texts.this_bot), app), (texts.page_back_web, web)
        shown = tuple((label, address) for label, address in back if address)
        return PageFrame(texts.lang, texts.dir, bot.name, texts.company, texts.logo, shown)

    def explain(self, error: StoreError | TokenServiceError, user_id: str) -> str:
        """Return what a person is told about a fault of the store or the token service."""
        texts = self.texts(user_id)
        if isinstance(error, StoreError):
            return texts.store_unreadable if isinstance(error, StoreUnreadable) else texts.store_down
        return texts.not_set_up if isinstance(error, ClientRefused) else texts.webex_down

    def until(self, context: UserContext) -> str:
        """Return until when a login is good, in words; empty where Webex did not say."""
        moment = context.login_ends
        return self.texts(context.user_id).until.format(date=moment.date().isoformat()) if moment else ""


def _sentence(texts: Texts, why: Why) -> str:
    """Return what the login is for, and what happens after it."""
    facts = {"command": why.command, "reason": why.reason}
    about = why.sentence or _purpose(texts, why).format(**facts)
    if not why.command:
        return about
    after = texts.login_then_runs if why.resumes else texts.login_then_send_again
    return f"{about} {after.format(**facts)}"


def _purpose(texts: Texts, why: Why) -> str:
    if why.reason:
        return texts.login_for_command_and_reason if why.command else texts.login_for_reason
    if why.command:
        return texts.login_more_permissions if why.again else texts.login_for_command
    return texts.login_plain
