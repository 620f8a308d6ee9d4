"""The sentences that people read, as the tests expect them: rewording one breaks no test."""

from __future__ import annotations

import re

from webex_bot_auth import Texts
from webex_bot_auth.chat.texts import PageText

TEXTS = Texts()
#: how long a login may take unless a manager is told otherwise
MINUTES = 10


def sentence_of(page: PageText, *, minutes: int = MINUTES) -> str:
    """The sentence of a page, filled in: what ``process_redirect`` returns."""
    return page.sentence.format(minutes=minutes)


def pattern(text: str) -> re.Pattern[str]:
    """A pattern for a text with words in braces; each of these is a group of that name."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text)))
