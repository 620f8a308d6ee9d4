"""Who is mentioned in a message.

Webex's clients mark a mention; here whoever begins a message in a group with somebody's name, or with
``@name``, mentions that one. In markdown the marks of the API work as well: ``<@personEmail:a@b.c|Name>``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .ids import bare_uuid
from .messages import Content
from .people import Person

MARK = re.compile(r"<@(personEmail|personId):([^|>]+)(?:\|([^>]*))?>")


def leading(text: str, people: Sequence[Person]) -> Person | None:
    """Return the person with whose name a text begins, the longest name first."""
    said = text.lstrip().removeprefix("@").lower()
    for person in sorted(people, key=lambda one: -len(one.display_name)):
        name = person.display_name.lower()
        if said.startswith(name) and not said[len(name) : len(name) + 1].isalnum():
            return person
    return None


def marked(markdown: str, people: Sequence[Person]) -> list[Person]:
    """Return the people whom the marks of a markdown text mention."""
    keys = {
        key if kind == "personEmail" else bare_uuid("PEOPLE", key) for kind, key, _ in MARK.findall(markdown)
    }
    return [person for person in people if person.email in keys or person.uuid in keys]


def without_marks(markdown: str, people: Sequence[Person]) -> str:
    """Return a markdown text with names in place of the marks."""

    def name(match: re.Match[str]) -> str:
        whom = marked(match.group(), people)
        return match.group(3) or (whom[0].display_name if whom else match.group(2))

    return MARK.sub(name, markdown)


def resolve(content: Content, author: Person, people: Sequence[Person]) -> tuple[Content, tuple[Person, ...]]:
    """Return what a message says, its ``@`` taken away as Webex does, and whom it mentions."""
    others = [person for person in people if person != author]
    content = replace(content, text=without_marks(content.text, people))
    mentioned = marked(content.markdown or "", others)
    first = None if author.is_bot else leading(content.text, others)
    if first is not None:
        content = replace(content, text=content.text.lstrip().removeprefix("@"))
        mentioned = [first, *(person for person in mentioned if person != first)]
    return content, tuple(mentioned)
