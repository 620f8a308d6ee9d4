"""Every sentence that a person reads, in chat and on the page at the end of a login.

To change the wording or the language: ``YAMLTokenManager(..., texts=Texts(login_button="Anmelden"))``, or
``dataclasses.replace(...)``. Words in braces are filled in; a text need not use all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Formatter
from typing import Any

from ..errors import SettingError
from .logo import data_uri


@dataclass(frozen=True)
class PageText:
    """What the page after the login says: a title, one sentence, and what to do next."""

    title: str
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Texts:
    """All sentences. Fields named ``page_...`` are for the browser, the others for the chat."""

    #: language of the page, and ``ltr`` or ``rtl``
    lang: str = "en"
    dir: str = "ltr"
    #: whose bot it is, for the page; the logo is the path of an image file, or a data: URI
    company: str = ""
    logo: str = ""
    #: the bot, where Webex does not tell its name
    this_bot: str = "this bot"

    # the login card
    login_title: str = "Please log in to {bot}"
    login_title_again: str = "Please log in to {bot} again"
    login_for_command: str = "“{command}” acts for you in Webex and needs your permission."
    login_for_command_and_reason: str = "“{command}” needs your permission {reason}."
    login_more_permissions: str = "“{command}” needs more permissions than you have given so far."
    login_for_reason: str = "I need your permission {reason}."
    login_plain: str = "Log in with Webex so that I can act for you."
    login_again: str = "Webex no longer accepts your login."
    login_then_runs: str = "After the login, “{command}” runs by itself."
    login_then_send_again: str = "After the login, please send “{command}” again."
    login_button: str = "Log in with Webex"
    login_minutes: str = "The button works once, for {minutes} minutes, and only for you."
    login_without_cards: str = (
        "To log in, open this space in a Webex app that shows cards and press “{button}”."
    )
    login_asked_often: str = (
        "I have sent you many login buttons. If there is one above, please use it. "
        "I can send you another one in {minutes} minutes."
    )
    login_expired: str = (
        "Your login button has expired, so I removed it. Send me your command again to get a new one."
    )
    # the login card of the device grant
    device_code: str = "Code: {code}"
    device_minutes: str = (
        "Check that the page shows this code. It works once, for {minutes} minutes, and only for you."
    )
    device_without_cards: str = "To log in, open {address} and enter the code {code}."
    # in the thread of a group
    look_in_direct: str = "Please look at our 1:1 space: I have sent you a message there."
    cannot_write_direct: str = (
        "I could not send you a private message. Please write to me 1:1 and try again there."
    )

    cannot_write_now: str = "I could not send you my message. Please try again in a minute."

    # after the login
    logged_in: str = "You are logged in as {name}."
    command_runs: str = "You are logged in as {name}. I now run “{command}”."
    command_lapsed: str = "I could not run “{command}”. Please send it again."
    command_dropped: str = (
        "Too many commands wait for your login, so I dropped “{command}”. Please send it again later."
    )
    no_more_about_dropped: str = "I drop further ones without a word until you have logged in."
    interrupted: str = (
        "I was interrupted while I worked on a message of yours. "
        "Please look whether it was done before you send it again."
    )
    refused: str = (
        "You did not give me the permission, so I stored nothing. "
        "If you change your mind, send me your command again."
    )
    someone_else: str = "Someone else signed in with your login button, so I did not accept that login."
    use_new_button: str = "Please use this new button, in your own browser and with your own account."
    try_login_again: str = "The login did not work. Please try again with this new button."
    not_set_up: str = (
        "The login does not work because this bot is not set up correctly. "
        "Its operator can find the reason in the log."
    )
    store_down: str = "I cannot reach my store of logins. Please try again in a minute."
    store_unreadable: str = (
        "I cannot read your stored login, and have not changed it. "
        "My operator can find the reason in the log."
    )
    webex_down: str = "Webex's login service does not answer. Please try again in a minute."
    login_renewed: str = "Your login was renewed while I worked on that. Please send it again."
    too_busy: str = (
        "I have too much to do at the moment, so I dropped your latest message. "
        "Please send it again in a few minutes."
    )
    webex_busy: str = "Webex asks me to slow down. Please try again in a few minutes."
    scopes_not_granted: str = (
        "Webex did not give me all the permissions that this needs ({scopes}), so I cannot do it. "
        "My operator can find the reason in the log."
    )
    login_of_another: str = "That needs the login of somebody else, who has not given it."
    message_not_read: str = "I could not read your message, as Webex did not answer. Please send it again."
    login_refused_again: str = "Webex did not accept your new login either. Please try again later."
    command_failed: str = (
        "Sorry, that did not work. If it happens again, give my operator this reference: {reference}"
    )

    # login, logout, whoami
    already_logged_in: str = "You are logged in as {name}.{until}"
    until: str = " This login is good until {date}."
    log_in_again: str = "You can log in again, for example to give more permissions."
    logged_out: str = "You are logged out. I have deleted your tokens."
    logged_out_revoked: str = "You are logged out. I have deleted your tokens, and Webex has revoked them."
    logout_incomplete: str = (
        "A login that you began before may still end, as I cannot reach all of my store. "
        "If I then say that you are logged in, please log out again."
    )
    revoke_yourself: str = (
        "To withdraw the permission at Webex, too, open https://idbroker.webex.com/idb/profile#/tokens"
    )
    not_logged_in: str = "You are not logged in. To log in, send me “{login}”."
    whoami: str = "You are {name} ({email}).{until}"
    help_login: str = "Log in"
    help_logout: str = "Log out"
    help_whoami: str = "Who am I?"

    # the page
    page_back: str = "Go back to {bot}"
    page_back_web: str = "Open Webex in the browser"
    page_done: PageText = PageText(
        "You are logged in", "The bot can now act for you.", "You can close this window and go back to Webex."
    )
    page_refused: PageText = PageText(
        "No permission given",
        "You did not give the bot the permission, so nothing was stored.",
        "You can close this window. To log in after all, send the bot your command again.",
    )
    page_wrong_person: PageText = PageText(
        "This is not your login",
        "Someone else asked for this login, so nothing was stored.",
        "To log in yourself, write to the bot and use the button that it sends to you.",
    )
    page_no_such_flow: PageText = PageText(
        "This link is no longer valid",
        "Login links work for {minutes} minutes. This one has expired, or was never valid.",
        "Go back to Webex and send the bot your command again. It sends you a new button.",
    )
    page_used: PageText = PageText(
        "This link has been used",
        "Login links work once.",
        "Go back to Webex. If the bot says that you are logged in, you can close this window. "
        "If not, send it your command again.",
    )
    page_done_before: PageText = PageText(
        "You are logged in",
        "This login is done.",
        "You can close this window and go back to Webex.",
    )
    page_under_way: PageText = PageText(
        "Your login is being completed",
        "This takes longer than usual.",
        "Go back to Webex. The bot tells you there when you are logged in.",
    )
    page_other_process: PageText = PageText(
        "Please ask for a new button",
        "The bot was started again after it sent this one, or runs more than once.",
        "Go back to Webex and send the bot your command again. It sends you a new button.",
    )
    page_malformed: PageText = PageText(
        "This link is damaged",
        "The address is not complete.",
        "Go back to Webex and use the button in the bot's message.",
    )
    page_try_again: PageText = PageText(
        "That did not work",
        "Webex did not answer as expected.",
        "Go back to Webex and use the bot's new button. If there is none, send your command again.",
    )
    page_not_set_up: PageText = PageText(
        "This bot is not set up correctly",
        "Webex does not accept the bot's settings.",
        "Please tell the bot's operator, who can find the reason in the log.",
    )
    page_store_down: PageText = PageText(
        "That did not work",
        "The bot cannot reach its store of logins.",
        "Wait a minute, then send the bot your command again.",
    )
    page_wrong_method: PageText = PageText(
        "Nothing to see here",
        "This address is only for the end of a login.",
        "Go back to Webex and use the button in the bot's message.",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "logo", data_uri(self.logo))
        for field in fields(self):
            if field.name not in _AS_THEY_ARE:
                known, value = _words(field.default), getattr(self, field.name)
                if isinstance(value, PageText) != isinstance(field.default, PageText):
                    what = "has to be" if isinstance(field.default, PageText) else "is a text, not"
                    raise SettingError(f"texts.{field.name}", f"{what} a PageText")
                is_page = isinstance(value, PageText)
                for part in (value.title, value.sentence, value.next_step) if is_page else (str(value),):
                    _check(field.name, part, known)


_AS_THEY_ARE = ("lang", "dir", "company", "logo")


def _words(text: Any) -> set[str]:
    """The words in braces, which can be filled in."""
    if isinstance(text, PageText):
        return {"minutes"}
    return {word for _, word, _, _ in Formatter().parse(text) if word is not None}


def _check(name: str, text: str, known: set[str]) -> None:
    """Fill a text in: a mistake in a translation stops the start, not the first login."""
    try:
        unknown = _words(text) - known
        if not unknown:
            text.format(**{word: 1 if word == "minutes" else word for word in known})
    except (ValueError, LookupError) as error:
        raise SettingError(f"texts.{name}", str(error)) from error
    if unknown:
        can = _in_braces(known) or "nothing"
        raise SettingError(f"texts.{name}", f"has {_in_braces(unknown)}; what can be filled in here: {can}")


def _in_braces(words: set[str]) -> str:
    return ", ".join(f"{{{word}}}" for word in sorted(words))
