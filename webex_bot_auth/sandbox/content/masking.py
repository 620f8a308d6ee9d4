"""Masks the secrets in what the workbench and transcripts show."""

from __future__ import annotations

import re
from collections.abc import Collection

MASK = "•••"
#: a run of the characters that tokens and codes consist of
WORD = re.compile(r"[A-Za-z0-9_.~+-]{8,}")
#: what is secret because of the name before it, in a query, a form, JSON or a header
NAMED = re.compile(
    r"""((?:^|[^\w-])
         (?:(?:code_verifier|device_code|client_secret|access_token|refresh_token|id_token)
            (?:=|%3D|["']\s*:\s*["'])
         |(?:code|state)(?:=|%3D))
         |\b(?:Bearer|Basic)\s+)
        [^\s&"'<>\\,}•]+""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def masked(text: str, secrets: Collection[str]) -> str:
    """Return a text without secrets.

    Args:
        text: The text.
        secrets: The secrets that are known, such as tokens.
    """
    for secret in secrets:
        if not WORD.fullmatch(secret):
            text = text.replace(secret, MASK) if secret else text
    text = WORD.sub(lambda word: MASK if word[0] in secrets else word[0], text)
    return NAMED.sub(lambda found: f"{found[1]}{MASK}", text)
