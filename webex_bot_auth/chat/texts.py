"""Every sentence that a person reads, in chat and on the page after the login.

To change the wording or the language: ``YAMLTokenManager(..., texts=Texts(login_button="Anmelden"))``, or
``dataclasses.replace(...)``. Words in braces are filled in; a text need not use all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Formatter
from typing import Any

from ..errors import SettingError


@dataclass(frozen=True)
class PageText:
    """What the page after the login says: a title, one sentence, and what to do next."""

    title: str
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Texts:
    """All sentences. Fields named ``page_...`` are for the browser, the others for the chat."""

    # the login card
    login_title: str = "Please log in"
    login_for_command: str = (
        "To do “{command}” I act for you in Webex, and for that I need your permission. "
        "Log in once; your command then runs by itself."
    )
    login_plain: str = "Log in with Webex, so that I can act for you."
    login_again: str = "Webex no longer accepts your login. Please log in again."
    login_button: str = "Log in with Webex"
    login_minutes: str = "The button works once, within {minutes} minutes, and for you alone."
    login_without_cards: str = (
        "Please log in: open this space in a Webex app that shows cards, and press “{button}”."
    )
    login_asked_often: str = (
        "I have sent you several login buttons. The newest one above works; "
        "I will send no more for up to {minutes} minutes."
    )
    # the login card of the device grant
    device_code: str = "Code: {code}"
    device_minutes: str = (
        "Check that the page shows this code. It works once, within {minutes} minutes, and for you alone."
    )
    device_without_cards: str = "Please log in: open {address} and enter the code {code}."
    # in the thread of a group
    look_in_direct: str = "Please look at our 1:1 space: I have sent you a private message there."
    cannot_write_direct: str = (
        "I could not send you a private message. Please start a 1:1 space with me and try again there."
    )

    # after the login
    logged_in: str = "You are logged in as {name}."
    command_runs: str = "You are logged in as {name}. I now run “{command}”."
    command_lapsed: str = "I could not run “{command}” by itself after your login. Please send it again."
    refused: str = "You did not give the permission, so nothing was stored. You can log in at any time."
    someone_else: str = (
        "Somebody else signed in with your login button, so I did not accept the login and stored nothing. "
        "Please press the button in your own browser, and choose your own account."
    )
    try_login_again: str = "The login did not work just now. Please use this new button."
    not_set_up: str = (
        "The login does not work because this bot is not set up correctly. "
        "Whoever runs it finds the reason in its log."
    )
    store_down: str = "I cannot reach the place where logins are kept. Please try again in a minute."
    store_unreadable: str = (
        "I cannot read your stored login. Nothing was changed; "
        "whoever runs this bot finds the reason in its log."
    )
    webex_down: str = "Webex's login service does not answer at the moment. Please try again in a minute."
    login_refused_again: str = "Webex did not accept your new login either. Please try again later."
    command_failed: str = "Sorry, that did not work. The log of this bot has the details under {reference}."

    # login, logout, whoami
    already_logged_in: str = "You are logged in as {name}{until}."
    until: str = " (this login is good until {date})"
    log_in_anew: str = "If you want to log in anew, perhaps as another person or with more rights:"
    logged_out: str = "You are logged out: I have forgotten your tokens."
    logged_out_revoked: str = "You are logged out: I have forgotten your tokens, and Webex has revoked them."
    revoke_yourself: str = (
        "To withdraw the permission at Webex as well, visit https://idbroker.webex.com/idb/profile#/tokens"
    )
    not_logged_in: str = "You are not logged in."
    whoami: str = "You are {name} ({email}){until}."
    help_login: str = "Log in"
    help_logout: str = "Log out"
    help_whoami: str = "Who am I?"

    # the page
    page_done: PageText = PageText(
        "You are logged in", "The bot can now act for you.", "Close this window and go back to Webex."
    )
    page_refused: PageText = PageText(
        "No permission given",
        "You did not give the bot the permission, and nothing was stored.",
        "Close this window. To log in after all, send the bot your command again.",
    )
    page_wrong_person: PageText = PageText(
        "This is not your login",
        "This login was asked for by another person than the one who signed in. Nothing was stored.",
        "Send the bot the message “login” yourself, and use the button that it sends to you.",
    )
    page_no_such_flow: PageText = PageText(
        "This link is no longer valid",
        "A login link works for {minutes} minutes, and this one has expired or was never valid.",
        "Go back to Webex and send the bot your command again: it sends you a new button.",
    )
    page_used: PageText = PageText(
        "This link has been used",
        "A login link works once, and this one was used already.",
        "Look in Webex: if the bot says that you are logged in, you can close this window. "
        "If not, send your command again.",
    )
    page_malformed: PageText = PageText(
        "This link is damaged",
        "The address that was opened is not one that a login ends with.",
        "Go back to Webex and use the button in the bot's message.",
    )
    page_try_again: PageText = PageText(
        "That did not work just now",
        "Webex did not answer as it should. Nothing is lost.",
        "Go back to Webex: the bot has sent you a new button. If not, send your command again.",
    )
    page_not_set_up: PageText = PageText(
        "This bot is not set up correctly",
        "Webex does not accept the bot's settings. Nothing was stored.",
        "Tell whoever runs the bot: the reason is in its log.",
    )
    page_store_down: PageText = PageText(
        "That did not work just now",
        "The place where logins are kept cannot be reached. Nothing was stored.",
        "Wait a minute, then send the bot your command again.",
    )
    page_wrong_method: PageText = PageText(
        "Nothing to see here",
        "This address only ends a login.",
        "Go back to Webex and use the button in the bot's message.",
    )

    def __post_init__(self) -> None:
        for field in fields(self):
            default = field.default
            known = {"minutes"} if isinstance(default, PageText) else _words(field.name, str(default))
            for part in _parts(getattr(self, field.name)):
                _try_out(field.name, part, known)
                if unknown := _words(field.name, part) - known:
                    can = _in_braces(known) or "nothing"
                    raise SettingError(
                        f"texts.{field.name}", f"has {_in_braces(unknown)}; what can be filled in here: {can}"
                    )


def _parts(text: Any) -> list[str]:
    return [text.title, text.sentence, text.next_step] if isinstance(text, PageText) else [str(text)]


def _words(name: str, text: str) -> set[str]:
    """The words in braces. A mistake in a translation shall stop the start, not the first login."""
    try:
        return {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise SettingError(f"texts.{name}", str(error)) from error


def _try_out(name: str, text: str, known: set[str]) -> None:
    """Fill it in, so that no format in braces fails later."""
    try:
        text.format(**{word: 1 if word == "minutes" else word for word in known})
    except (KeyError, IndexError):
        return  # an unknown word: reported with the known ones
    except (ValueError, AttributeError) as error:
        raise SettingError(f"texts.{name}", str(error)) from error


def _in_braces(words: set[str]) -> str:
    return ", ".join(f"{{{word}}}" for word in sorted(words))
