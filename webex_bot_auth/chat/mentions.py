"""Takes the mention of a bot out of a message: in a group, each message to a bot has one."""

from __future__ import annotations

import re
from html import unescape
from itertools import islice

from ..models import same_person

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)(?P<attributes>[^<>]*)>")
_MENTIONED = re.compile(r"""(?<![\w-])data-object-id\s*=\s*["']?([^"'\s]+)""")
#: of all other elements, the text stands in lines of its own
_INLINE = {"a", "b", "code", "del", "em", "i", "s", "span", "spark-mention", "strong", "u"}


def without_mentions(text: str, html: str | None, bot_id: str, bot_name: str) -> str:
    """Return the text of a message without the mentions of a bot, and with all else as it is.

    The HTML tells which of the words are a mention: people shorten them or write them otherwise, and the same
    words may stand elsewhere, also as a mention of somebody else.

    Args:
        text: the message without markup
        html: the message as Webex marks it up; None: there is none, the name counts at the beginning alone
        bot_id: the bot's person id
        bot_name: the bot's display name
    """
    if not html:
        named = re.match(rf"\s*@?{_spaced(bot_name)}(?=[:,;.!?]*(?:\s|$))", text, re.IGNORECASE)
        return text[named.end() :] if named else text
    shown, mentions = _mentions(html, bot_id)
    for start, words in reversed(mentions):
        same_words = re.compile(f"(?=({_spaced(words)}))")
        earlier = sum(place.start() < start for place in same_words.finditer(shown))
        place = next(islice(same_words.finditer(text), earlier, None), None)
        if place:
            text = text[: place.start(1)] + text[place.end(1) :]
    return text


def _mentions(html: str, bot_id: str) -> tuple[str, list[tuple[int, str]]]:
    """Return what a message shows, and of each mention of the bot where it begins there, and its words."""
    shown, end, begun, mentions = "", 0, -1, []
    for tag in _TAG.finditer(html):
        shown += unescape(html[end : tag.start()])
        end, name = tag.end(), tag["name"].lower()
        if name not in _INLINE:
            shown += "\n"
        elif name == "spark-mention" and tag["end"]:
            if begun >= 0 and shown[begun:].strip():
                mentions.append((begun, shown[begun:]))
            begun = -1
        elif name == "spark-mention":
            mentioned = _MENTIONED.search(tag["attributes"])
            begun = len(shown) if mentioned and same_person(unescape(mentioned[1]), bot_id) else -1
    return shown + unescape(html[end:]), mentions


def _spaced(words: str) -> str:
    return r"\s+".join(map(re.escape, words.split()))
