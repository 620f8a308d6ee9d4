"""Finds out who is mentioned in a message.

In Webex's clients, a person types ``@`` and picks from a list; here, ``@`` with a display name in a person's
text picks, wherever it stands. In Markdown, it is the API's syntax: ``<@personEmail:a@b.c|Name>``,
``<@personId:...>`` and ``<@all>``. A name alone mentions nobody.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..model.ids import same
from ..model.messages import Content
from ..model.people import Person
from .markup import cleaned, escape, to_html

MENTION = re.compile(r"<@(?P<kind>personEmail|personId|all)(?::(?P<key>[^|<>]+))?(?:\|(?P<name>[^<>]*))?>")
MARKED = re.compile(
    r'<spark-mention\b(?:(?!data-object-id=)[^<>])*data-object-id="(?P<key>[^"<>]+)"[^<>]*>'
    r"(?P<name>[^<]*(?:<(?!/?spark-mention\b)[^<]*)*)</spark-mention>"
)
PLACE = "\ue000{}\ue001"  # stands for a mention while Markdown is made HTML


@dataclass(frozen=True)
class Mention:
    """A mention in a text.

    Attributes:
        shown: What the text shows.
        person: Who is mentioned; None for all, or for somebody who is not in the space.
        is_all: True for all.
    """

    shown: str
    person: Person | None
    is_all: bool = False

    @property
    def html(self) -> str:
        """The HTML, as Webex's clients write it."""
        shown = html.escape(self.shown)
        if self.person is None and not self.is_all:
            return shown
        kind = 'data-object-type="groupMention" data-group-type="all"'
        if self.person is not None:
            kind = f'data-object-type="person" data-object-id="{self.person.id}"'
        return f"<spark-mention {kind}>{shown}</spark-mention>"


@dataclass(frozen=True)
class Resolved:
    """A message whose mentions have been found.

    Attributes:
        content: What it says, with names in place of mentions, and with its HTML.
        people: Whom it mentions.
        groups: The groups that it mentions: ``all`` or none.
    """

    content: Content
    people: tuple[Person, ...]
    groups: tuple[str, ...]


Part = str | Mention


def resolve(
    content: Content, author: Person, people: Sequence[Person], picked: Sequence[Person] | None
) -> Resolved:
    """Return a message with its mentions found; nobody mentions themselves.

    Args:
        content: What the message says.
        author: Who posts it.
        people: The people in the space.
        picked: Who was picked from the list, in a text without Markdown; None to look for names after ``@``.
    """
    others = [person for person in people if person is not author]
    if content.markdown is not None:
        parts = _in_markdown(content.markdown, others)
        text = _shown(_in_markdown(content.text, others))
        return _resolved(replace(content, text=text, html=_markdown_html(parts)), parts)
    if content.html is not None:
        parts = _split(content.html, MARKED, lambda match: _marked(match, others))
        return _resolved(replace(content, html=cleaned(content.html)), parts)
    candidates = others if picked is None else [one for one in picked if one in others]
    parts = _after_at(content.text, candidates, with_all=picked is None)
    found = {part.person for part in parts if isinstance(part, Mention)}
    unseen = [Mention("", one) for one in candidates if picked is not None and one not in found]
    is_marked = any(isinstance(part, Mention) for part in parts)
    markup = "".join(escape(part) if isinstance(part, str) else part.html for part in parts)
    content = replace(content, text=_shown(parts), html=f"<p>{markup}</p>" if is_marked else None)
    return _resolved(content, [*parts, *unseen])


def named(text: str, people: Sequence[Person]) -> list[Person]:
    """Return those people whose names stand after ``@`` in a text."""
    found = _after_at(text, people, with_all=False)
    return [part.person for part in found if isinstance(part, Mention) and part.person]


def _resolved(content: Content, parts: Sequence[Part]) -> Resolved:
    mentions = [part for part in parts if isinstance(part, Mention)]
    people = tuple(dict.fromkeys(one.person for one in mentions if one.person))
    return Resolved(content, people, ("all",) if any(one.is_all for one in mentions) else ())


def _split(text: str, pattern: re.Pattern[str], mention: Callable[[re.Match[str]], Mention]) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for match in pattern.finditer(text):
        parts += [text[end : match.start()], mention(match)]
        end = match.end()
    return [*parts, text[end:]]


def _in_markdown(markdown: str, people: Sequence[Person]) -> list[Part]:
    def mention(match: re.Match[str]) -> Mention:
        kind, key, name = match["kind"], (match["key"] or "").strip(), match["name"]
        if kind == "all":
            return Mention(name or "All", None, is_all=True)
        person = next((one for one in people if key.lower() == one.email or same(key, one.id)), None)
        return Mention(name or (person.display_name if person else key), person)

    return _split(markdown, MENTION, mention)


def _marked(match: re.Match[str], people: Sequence[Person]) -> Mention:
    person = next((one for one in people if same(match["key"], one.id)), None)
    return Mention(match["name"], person)


def _after_at(text: str, people: Sequence[Person], *, with_all: bool) -> list[Part]:
    names = {one.display_name.lower(): one for one in people}
    known = sorted([*names, *(["all"] if with_all else [])], key=len, reverse=True)
    if not known:
        return [text]
    pattern = re.compile(rf"(?<![\w@])@({'|'.join(map(re.escape, known))})(?!\w)", re.IGNORECASE)

    def mention(match: re.Match[str]) -> Mention:
        person = names.get(match[1].lower())
        return Mention(person.display_name if person else match[1], person, is_all=person is None)

    return _split(text, pattern, mention)


def _shown(parts: Sequence[Part]) -> str:
    return "".join(part if isinstance(part, str) else part.shown for part in parts)


def _markdown_html(parts: Sequence[Part]) -> str:
    text = "".join(part if isinstance(part, str) else PLACE.format(place) for place, part in enumerate(parts))
    markup = to_html(text)
    for place, part in enumerate(parts):
        if isinstance(part, Mention):
            markup = markup.replace(PLACE.format(place), part.html)
    return markup
