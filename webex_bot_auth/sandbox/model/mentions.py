"""Finds out who is mentioned in a message.

In Webex's clients, a person chooses from a list. Here a message in a group mentions the person or bot with
whose name it begins, with or without ``@``. In Markdown, the API's syntax works as well:
``<@personEmail:a@b.c|Name>``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .ids import bare_uuid
from .messages import Content
from .people import Person

MENTION = re.compile(r"<@(personEmail|personId):([^|>]+)(?:\|([^>]*))?>")


def mentioned_first(text: str, people: Sequence[Person]) -> Person | None:
    """Return the person with whose name a text begins (the longest such name); None if there is none."""
    start = text.lstrip().removeprefix("@").lower()
    for person in sorted(people, key=lambda one: -len(one.display_name)):
        name = person.display_name.lower()
        if start.startswith(name) and not start[len(name) : len(name) + 1].isalnum():
            return person
    return None


def mentioned_in_markdown(markdown: str, people: Sequence[Person]) -> list[Person]:
    """Return the people whom a Markdown text mentions in the API's syntax."""
    keys = {
        key if kind == "personEmail" else bare_uuid("PEOPLE", key)
        for kind, key, _ in MENTION.findall(markdown)
    }
    return [person for person in people if person.email in keys or person.uuid in keys]


def with_names(markdown: str, people: Sequence[Person]) -> str:
    """Return a Markdown text with names in place of the API's mentions."""

    def name(match: re.Match[str]) -> str:
        found = mentioned_in_markdown(match.group(), people)
        return match.group(3) or (found[0].display_name if found else match.group(2))

    return MENTION.sub(name, markdown)


def resolve(content: Content, author: Person, people: Sequence[Person]) -> tuple[Content, tuple[Person, ...]]:
    """Return the final content of a message and whom it mentions; a leading ``@`` is removed, as at Webex.

    Args:
        content: What the message says.
        author: Who posts it; nobody mentions themselves.
        people: The people in the space.
    """
    others = [person for person in people if person != author]
    content = replace(content, text=with_names(content.text, people))
    mentioned = mentioned_in_markdown(content.markdown or "", others)
    first = None if author.is_bot else mentioned_first(content.text, others)
    if first is not None:
        content = replace(content, text=content.text.lstrip().removeprefix("@"))
        mentioned = [first, *(person for person in mentioned if person != first)]
    return content, tuple(mentioned)
