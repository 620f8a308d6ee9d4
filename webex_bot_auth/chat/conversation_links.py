"""Addresses that open the conversation with a bot, as Webex's help pages document them."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from wxc_sdk.rest import RestSession

from ..webex.oauth import is_loopback

WEB_CLIENT = "https://web.webex.com"


def links_to_bot(email: str) -> tuple[str, str]:
    """Return where the conversation with a bot is.

    Args:
        email: the bot's address; empty where it is not known

    Returns:
        its address in the app, and that of the web client; either may be empty. In a sandbox, the chat page
    """
    rest = urlsplit(RestSession.BASE)
    if is_loopback(rest.hostname or ""):
        page = f"{rest.scheme}://{rest.netloc}/"
        return (f"{page}open?email={quote(email)}" if email else page), ""
    return (f"webexteams://im?email={quote(email)}" if email else ""), WEB_CLIENT
