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


def pattern(text: str, **groups: str) -> re.Pattern[str]:
    """A pattern for a text with words in braces.

    Args:
        text: a field of ``TEXTS``
        groups: what each word stands for, as a pattern; anything where it is left out

    Returns:
        a pattern with a group for each word, of the same name
    """
    return re.compile(
        re.sub(r"\\\{(\w+)\\\}", lambda word: f"(?P<{word[1]}>{groups.get(word[1], '.+')})", re.escape(text))
    )
