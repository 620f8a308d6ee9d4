"""A seed becomes a plan: who says what, who does what with a login card, what fails, and who is killed.

The plan is a pure function of the seed, and of how many people and messages there are. When things happen
is counted in messages; what the operating system's timing adds is how far the processes are by then.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

#: what a person does with a login card, and how often
DECISIONS = {"approve": 12, "approve twice at once": 2, "deny": 2, "ignore": 2, "somebody else": 2}
#: what a person says, and how often: what a command does, or an account command
WORDS = {"quick": 12, "slow": 5, "fail": 2, "much": 2, "pieces": 2, "login": 2, "logout": 3, "whoami": 1}
#: parts of Webex that fail
PARTS = ("/conversation/", "/v1/messages", "/v1/people", "/v1/access_token")
#: commands in a flood of one person who is not logged in
FLOOD = 25

FaultKind = Literal[
    "429", "502", "reset", "drip",
    "store pauses", "store is switched", "store is full",
    "kill bot", "kill redirect", "websocket breaks", "delivered twice", "token revoked",
]  # fmt: skip
KINDS: tuple[FaultKind, ...] = FaultKind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Said:
    """A message of a person.

    Attributes:
        person: number of the person
        label: names the command and so the message, among those of the person; empty: an account command
        word: one of :data:`WORDS`
        is_guarded: whether the command needs a login
        in_group: whether it is said in the group; else in the 1:1 space
        pause: before it; seconds
    """

    person: int
    label: str
    word: str
    is_guarded: bool
    in_group: bool
    pause: float

    @property
    def text(self) -> str:
        return f"{self.label} {self.word}".strip()


@dataclass(frozen=True)
class Fault:
    """Something that fails.

    Attributes:
        after: how many messages are said before
        kind: what happens
        part: the beginning of the paths that fail, where it is Webex; else a number that chooses who is hit
        times: how many calls fail at most
        seconds: how long it lasts at most
    """

    after: int
    kind: FaultKind
    part: str
    times: int
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What happens in one run."""

    seed: int
    people: int
    said: tuple[Said, ...]
    faults: tuple[Fault, ...]

    def decision(self, person: int, card: int) -> tuple[str, float, int]:
        """Return what a person does with a login card.

        Args:
            person: number of the person
            card: number of the card, among those of the person

        Returns:
            one of :data:`DECISIONS`, after how many seconds, and the redirect that the browser asks first
        """
        chance = random.Random(  # noqa: S311 (no secret)
            f"{self.seed} {person} {card}"
        )
        weights = list(DECISIONS.values())
        return chance.choices(list(DECISIONS), weights)[0], chance.uniform(0.0, 1.5), chance.randrange(2)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.said)} messages of {self.people} people"]
        faults = list(self.faults)
        for number, said in enumerate(self.said):
            while faults and faults[0].after <= number:
                one = faults.pop(0)
                lines.append(f"      -- {one.kind} {one.part} {one.times} times, {one.seconds:.1f} s")
            place = " in the group" if said.in_group else ""
            lines.append(f"{number:5} {said.pause:.2f} s  person {said.person}{place}: {said.text}")
        return "\n".join(lines)


def make_plan(seed: int, *, people: int, messages: int, every: int) -> Plan:
    """Make a plan.

    Args:
        seed: chooses it
        people: how many people there are
        messages: how many messages they send
        every: after how many messages, on average, something fails
    """
    chance = random.Random(seed)  # noqa: S311 (no secret)
    authors = _authors(chance, people, messages)
    labels = dict.fromkeys(range(people), 0)
    said = []
    for person, is_flood in authors:
        word = "quick" if is_flood else chance.choices(list(WORDS), list(WORDS.values()))[0]
        is_guarded = is_flood or chance.random() < 0.8
        label = ""
        if word not in ("login", "logout", "whoami"):
            label = f"{'m' if is_guarded else 'u'}{labels[person]:03}"
            labels[person] += 1
        in_group = not is_flood and chance.random() < 0.15
        pause = 0.0 if is_flood else min(1.0, chance.expovariate(10))
        said.append(Said(person, label, word, is_guarded, in_group, pause))
    return Plan(seed, people, tuple(said), tuple(_faults(chance, messages, every)))


def _authors(chance: random.Random, people: int, messages: int) -> list[tuple[int, bool]]:
    """Return who says each message, and whether it is part of the flood, which is all that person 0 says."""
    flood = min(FLOOD, messages // 4)
    authors = [(chance.randrange(1, people), False) for _ in range(messages - flood)]
    start = chance.randrange(len(authors) // 2)
    return [*authors[:start], *[(0, True)] * flood, *authors[start:]]


def _faults(chance: random.Random, messages: int, every: int) -> list[Fault]:
    """Deal faults from a pack that has each kind once, and is shuffled anew when it is empty."""
    faults, pack, after = [], [], 2.0
    while after < messages - 2:
        pack = pack or chance.sample(KINDS, len(KINDS))
        kind = pack.pop()
        is_webex = kind in ("429", "502", "reset", "drip")
        part = chance.choice(PARTS) if is_webex else str(chance.randrange(1000))
        faults.append(Fault(int(after), kind, part, chance.randint(1, 12), chance.uniform(0.3, 1.5)))
        after += chance.uniform(0.5, 1.5) * every
    return faults
