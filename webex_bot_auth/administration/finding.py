"""What a check found, as one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    :ivar subject: what was looked at
    :ivar told: how it is
    :ivar mend: what to do about it
    """

    level: Level
    subject: str
    told: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f"; {self.mend}" if self.mend else ""
        return f"{self.level.value:<9}{self.subject}: {self.told}{mend}"


def ok(subject: str, told: str) -> Finding:
    return Finding(Level.OK, subject, told)


def warning(subject: str, told: str, mend: str) -> Finding:
    """Works, and may surprise."""
    return Finding(Level.WARNING, subject, told, mend)


def wrong(subject: str, told: str, mend: str) -> Finding:
    """Does not work."""
    return Finding(Level.WRONG, subject, told, mend)
