"""Reads the records of a run, and says which promises were broken. Shares no code with the package.

It knows what a run records (:class:`Records`), and the names in brackets with which each sentence for
people begins. All times are seconds since 1970, by one machine's clock. It makes the exceptions that
docs/background/limits.md names.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: sentences that end one message that has no thread with its answer, in the 1:1 space
EACH = {"interrupted", "message_not_read", "too_busy", "command_failed"}
#: sentences in the 1:1 space that end all commands that wait for a login
ALL_WAITING = {
    "refused", "login_expired", "no_more_about_dropped", "webex_down", "store_down", "not_set_up",
    "someone_else", "logged_out", "logged_out_revoked", "not_logged_in",
}  # fmt: skip
#: answers in a thread that are not the last word: something follows in the 1:1 space
POINTERS = {"look_in_direct"}
#: what an account command answers in the 1:1 space, where it was sent in the group
ACCOUNT = {
    "logout": {"logged_out", "logged_out_revoked", "not_logged_in", "store_down", "command_failed"},
    "whoami": {"whoami"},
}
#: sentences that name the command they are about
ABOUT = re.compile(r"\[command_(?:lapsed|dropped)\][^“]*“([^”]*)”")
LOGGED_OUT = {"logged_out", "logged_out_revoked", "not_logged_in"}
#: pages that end what waits for the login
ENDS_WAITING = {"page_refused", "page_not_set_up", "page_store_down"}
#: pages of a login that worked
DONE = {"page_done", "page_done_before"}
#: `login` is pointed at the card that is there only once in this time; seconds
POINT_SECONDS = 5.0


@dataclass(frozen=True)
class Asked:
    """A message of a person.

    Attributes:
        person: email address
        time: when it was sent
        uuid: of the message
        id: of the message in the REST API
        label: names the command; empty for an account command
        text: what it says
        is_last: whether it was sent after all faults were over
    """

    person: str
    time: float
    uuid: str
    id: str
    label: str
    text: str
    is_last: bool = False

    @property
    def name(self) -> str:
        """What the bot calls the command."""
        return self.label or self.text

    @property
    def waits(self) -> bool:
        """Whether it may wait for a login."""
        return self.label.startswith("m") or self.text == "whoami"


@dataclass(frozen=True)
class Told:
    """A message of the bot.

    Attributes:
        person: in whose 1:1 space it is; empty: in the group
        time: when it was sent
        parent: the message in whose thread it is; empty: in none
        text: what it says
        has_card: whether there is a card on it
    """

    person: str
    time: float
    parent: str
    text: str
    has_card: bool = False

    @property
    def names(self) -> set[str]:
        return set(re.findall(r"\[(\w+)\]", self.text))


@dataclass(frozen=True)
class Page:
    """A request of a browser at the end of a login.

    Attributes:
        person: whose login card it was
        begin: when the browser asked
        end: when the page was there, or the connection broke
        name: of the page; empty: the connection broke
        by: who signed in
    """

    person: str
    begin: float
    end: float
    name: str
    by: str


@dataclass(frozen=True)
class Run:
    """A command that has begun to run for a message, whose id it is."""

    person: str
    time: float
    label: str
    message: str


@dataclass(frozen=True)
class Call:
    """A call of a command to Webex: for whom it was, and whose token it had."""

    wanted: str
    owner: str


@dataclass(frozen=True)
class Records:
    """What a run leaves behind.

    Attributes:
        stored: whose token is stored for a person, by email addresses, at the end
        errors: lines of the logs with an ERROR
    """

    asked: list[Asked] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def timeline(records: Records) -> str:
    """Return what each person said, saw and ran, in its order, for people who look for a reason."""
    lines: list[tuple[str, float, str]] = []
    said = {asked.uuid: asked for asked in records.asked}
    for asked in records.asked:
        lines.append((asked.person, asked.time, f"says {asked.text!r} ({asked.uuid})"))
    for told in records.told:
        asked_before = said.get(told.parent)
        person = told.person or (asked_before.person if asked_before else "everybody")
        about = f" to {asked_before.text!r}" if asked_before else ""
        lines.append((person, told.time, f"    reads{about}: {told.text[:150]!r}{' [card]' * told.has_card}"))
    for page in records.pages:
        lines.append((page.person, page.begin, f"    browser of {page.by}: {page.name} until {page.end:.3f}"))
    for run in records.runs:
        lines.append((run.person, run.time, f"    {run.label} runs"))
    return "\n".join(f"{person} {moment:.3f} {line}" for person, moment, line in sorted(lines))


def problems(records: Records) -> list[str]:
    """Return what was promised and not kept, a line each."""
    return [
        *_without_a_word(records),
        *_run_twice(records),
        *_with_wrong_tokens(records),
        *_logins_and_logouts(records),
    ]


# -- every message has an answer, a word, or an ERROR that names it


def _without_a_word(records: Records) -> Iterator[str]:
    in_threads: dict[str, list[Told]] = defaultdict(list)
    in_direct: dict[str, list[Told]] = defaultdict(list)
    for told in records.told:
        if told.parent:
            in_threads[told.parent].append(told)
        if told.person:
            in_direct[told.person].append(told)
    by_person: dict[str, list[Asked]] = defaultdict(list)
    for asked in records.asked:
        if not _is_answered(asked, in_threads[asked.uuid]) and not _is_in_log(asked, records.errors):
            by_person[asked.person].append(asked)
    for person, left in by_person.items():
        pages = [page for page in records.pages if page.person == page.by == person]
        for asked in _left_after_sentences(left, in_direct[person], pages):
            yield f"no word: {person} said {asked.text!r} at {asked.time:.3f}"
    for asked in records.asked:
        if asked.is_last and not any("answer" in told.names for told in in_threads[asked.uuid]):
            yield f"not answered after the faults: {asked.person} said {asked.text!r} at {asked.time:.3f}"


def _is_answered(asked: Asked, thread: Iterable[Told]) -> bool:
    return any(not told.names <= POINTERS for told in thread)


def _is_in_log(asked: Asked, errors: Iterable[str]) -> bool:
    return any(asked.uuid in line or asked.id in line for line in errors)


def _left_after_sentences(left: list[Asked], direct: list[Told], pages: list[Page]) -> list[Asked]:
    """Return the messages for which there is no sentence in the 1:1 space.

    A sentence about one message counts for one, the latest before it; one about all that waits for all.
    """
    single = [told for told in direct if told.names & EACH and not told.parent]
    named = [told for told in direct if ABOUT.search(told.text)]
    cards = [told for told in direct if told.has_card]
    plain_cards = [card for card in cards if card.names & {"login_plain", "already_logged_in"}]
    answers = [told for told in direct if not told.parent and not told.has_card]
    pointed = [told.time for told in direct if "login_asked_often" in told.names]
    all_waiting = [told.time for told in direct if told.names & ALL_WAITING]
    # a logout that was interrupted, as limits.md says
    all_waiting += [
        asked.time for asked in left if asked.text == "logout" and any(t.time > asked.time for t in single)
    ]
    all_waiting += [page.end for page in pages if page.name in ENDS_WAITING]
    silent = []
    for asked in sorted(left, key=lambda one: one.time, reverse=True):
        is_waiting = asked.waits and (pointed or any(f"“{asked.name}”" in card.text for card in cards))
        if is_waiting and any(moment > asked.time for moment in all_waiting):
            continue
        if asked.text == "login" and any(
            asked.time - POINT_SECONDS < moment for moment in pointed
        ):  # pointed at the card, now or just before
            continue
        about = [told for told in named if f"“{asked.name}”" in told.text]
        account = [told for told in answers if told.names & ACCOUNT.get(asked.text, set())]
        if _use_one(named, about, asked) or _use_one(answers, account, asked):
            continue
        if asked.text == "login" and _use_one(plain_cards, plain_cards, asked):
            continue
        if not _use_one(single, single, asked):
            silent.append(asked)
    return silent


def _use_one(of: list[Told], fitting: list[Told], asked: Asked) -> bool:
    """Use a sentence up for a message that came before it; the latest one, as later messages come first."""
    later = [told for told in fitting if told.time > asked.time]
    if later:
        of.remove(later[-1])
    return bool(later)


# -- no command ran twice


def _run_twice(records: Records) -> Iterator[str]:
    """Limits.md names two reasons to run again: a new login after a refused one, or no claim."""
    uuids = {asked.id: asked.uuid for asked in records.asked}
    unclaimed = [line for line in records.errors if "unclaimed" in line]
    again = [(told.person, told.text) for told in records.told if told.names & {"login_again"}]
    runs = Counter((run.person, run.label, run.message) for run in records.runs)
    for (person, label, message), count in runs.items():
        allowed = 1 + sum(f"“{label}”" in text for reader, text in again if reader == person)
        if count > allowed and not any(uuids.get(message, message) in line for line in unclaimed):
            yield f"ran {count} times: {label} of {person}"


# -- no call used another person's token


def _with_wrong_tokens(records: Records) -> Iterator[str]:
    for call in records.calls:
        if call.owner != call.wanted:
            yield f"wrong token: a call for {call.wanted} had the token of {call.owner or 'nobody'}"
    for person, owner in records.stored.items():
        if owner != person:
            yield f"wrong token: stored for {person} is the token of {owner or 'nobody'}"


# -- no login was lost, no logout undone


@dataclass(frozen=True)
class _Logout:
    """A logout: sent, answered (or nothing said: it may still come), and what the answer says."""

    begin: float
    end: float
    is_complete: bool


def _logins_and_logouts(records: Records) -> Iterator[str]:
    threads: dict[str, list[Told]] = defaultdict(list)
    for told in records.told:
        if told.parent:
            threads[told.parent].append(told)
    for person in sorted({asked.person for asked in records.asked}):
        logouts = list(_logouts(person, records, threads))
        pages = [page for page in records.pages if page.person == person]
        yield from _lost(person, records, logouts, pages)
        yield from _undone(person, records, logouts, pages)


def _logouts(person: str, records: Records, threads: dict[str, list[Told]]) -> Iterator[_Logout]:
    for asked in records.asked:
        if asked.person == person and asked.text == "logout":
            # one in a group is answered in the 1:1 space, where it cannot be told from another one's answer
            answers = [told for told in threads[asked.uuid] if told.names & LOGGED_OUT]
            if answers:
                is_complete = "logout_incomplete" not in answers[0].names
                yield _Logout(asked.time, answers[0].time, is_complete)
            else:
                yield _Logout(asked.time, float("inf"), is_complete=False)


def _lost(person: str, records: Records, logouts: list[_Logout], pages: list[Page]) -> Iterator[str]:
    """A page has said that the login is done, and every logout had ended before it began."""
    done = [page for page in pages if page.name in DONE]
    if done and not records.stored.get(person) and all(one.end < done[-1].begin for one in logouts):
        yield f"login lost: {person} was logged in at {done[-1].end:.3f}"


def _undone(person: str, records: Records, logouts: list[_Logout], pages: list[Page]) -> Iterator[str]:
    """A logout was answered, no login has ended since it was sent, and yet there is one."""
    for logout in logouts:
        if not logout.is_complete:
            continue
        later = [page.begin for page in pages if page.end > logout.begin]
        if records.stored.get(person) and not later:
            yield f"logout undone: {person} is logged in, and has logged out at {logout.end:.3f}"
        sent = {one.id: one.time for one in records.asked if one.person == person}
        for run in records.runs:
            if (
                run.person == person
                and run.label.startswith("m")
                and sent.get(run.message, 0.0) > logout.end
                and not any(begin < run.time for begin in later)
            ):
                yield f"logout undone: {run.label} of {person} ran after the logout at {logout.end:.3f}"
